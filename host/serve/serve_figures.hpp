#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace kindred::host {

/// What a server counts, as Prometheus reads it (text format 0.0.4): counters, distributions and values that
/// are asked for when somebody looks. [thread-safe]
class ServeFigures {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  /// Declares a figure before its first use. Names begin with "kindred_" by themselves.
  void declare_counter(const std::string& name, const std::string& help);
  void declare_distribution(const std::string& name, const std::string& help, std::vector<double> bounds);

  void count(const std::string& name, const Labels& labels, double by = 1);
  void observe(const std::string& name, const Labels& labels, double value);

  /// `values`: name, help and value of what is known at this moment.
  struct Value {
    std::string name, help;
    double value;
  };
  std::string text(const std::vector<Value>& values) const;

 private:
  struct Distribution {
    std::vector<uint64_t> counts;  ///< per bound, and one for what is above all
    double sum = 0;
  };
  struct Family {
    std::string help;
    bool is_counter = true;
    std::vector<double> bounds;
    std::map<std::string, double> counters;  ///< by labels as they stand in the text
    std::map<std::string, Distribution> distributions;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace kindred::host
