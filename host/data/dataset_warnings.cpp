#include "host/data/dataset_warnings.hpp"

#include <utility>

namespace kindred::host {

DatasetWarnings::DatasetWarnings(std::shared_ptr<const Dataset> dataset, Context& context)
    : dataset_(std::move(dataset)), context_(context) {
  say();
}

void DatasetWarnings::say() {
  for (const auto& text : dataset_->warnings()) {
    if (said_.insert(text).second) context_.warning(text);
  }
}

}  // namespace kindred::host
