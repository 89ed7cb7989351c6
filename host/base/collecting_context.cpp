#include "host/base/collecting_context.hpp"

namespace kindred::host {

CollectingContext::CollectingContext(Context& inner, const std::vector<std::string>& earlier)
    : inner_(inner) {
  keep(earlier);
}

void CollectingContext::warning(const std::string& text) {
  keep({text});
  inner_.warning(text);
}

void CollectingContext::keep(const std::vector<std::string>& warnings) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& text : warnings) {
    if (known_.insert(text).second) warnings_.push_back(text);
  }
}

std::vector<std::string> CollectingContext::warnings() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return warnings_;
}

}  // namespace kindred::host
