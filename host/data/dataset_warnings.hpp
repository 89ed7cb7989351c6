#pragma once

#include <memory>
#include <set>
#include <string>

#include "host/base/context.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Says what a dataset warns of, each sentence once: when it has been made, and again when it was read.
class DatasetWarnings {
 public:
  /// Says what there is. `context` must outlive it.
  DatasetWarnings(std::shared_ptr<const Dataset> dataset, Context& context);

  /// Says what has come since.
  void say();

 private:
  std::shared_ptr<const Dataset> dataset_;
  Context& context_;
  std::set<std::string> said_;
};

}  // namespace kindred::host
