#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Keys that MLflow takes, each of which is also the path of a file: letters, digits and "_-.: ", at most 250
/// bytes. Everything else becomes "_", and two names that are then the same are told apart by a number.
/// MLflow cannot open a run that has another key.
class MlflowKeys {
 public:
  /// The same name has the same key each time. A slash counts as any other character.
  std::string of(const std::string& name);
  /// Of a metric such as "tuned/r_precision", whose first slash stays.
  std::string of_metric(const std::string& name);

 private:
  std::string unique(const std::string& name, const std::string& wanted);
  std::map<std::string, std::string> given_;
  std::set<std::string> used_;
};

/// The values of a JSON text by their places, "train.optimizer.lr", as MLflow shows them and compares runs
/// by. A list of plain values is one; one that is longer than MLflow takes, 6000 characters, ends in "...".
std::vector<std::pair<std::string, std::string>> mlflow_params(std::string_view json);

}  // namespace kindred
