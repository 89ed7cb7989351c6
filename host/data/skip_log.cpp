#include "host/data/skip_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred::host {

SkipLog::SkipLog(const LoadingOptions& options, int64_t dataset_size, Context& context)
    : context_(context),
      fails_(options.on_error == OnError::fail),
      most_(options.max_skipped),
      dataset_size_(dataset_size),
      skipped_(static_cast<size_t>(dataset_size)) {}

void SkipLog::note(const std::vector<SkippedSample>& skipped) {
  for (const auto& one : skipped) {
    if (skipped_.at(static_cast<size_t>(one.index))) continue;
    skipped_[static_cast<size_t>(one.index)] = true;
    all_.push_back(one);
    if (fails_) {
      throw Error(fmt::format("{} cannot be read: {} (data.on_error is \"fail\")", one.name, one.message));
    }
    context_.warning(fmt::format("{}{}: {}", kSkippedSample, one.name, one.message));
  }
  if (static_cast<double>(all_.size()) > most_ * static_cast<double>(dataset_size_)) {
    throw Error(fmt::format(
        "{} of {} samples cannot be read, more than data.max_skipped = {} allows; the first is {}: {}",
        all_.size(), dataset_size_, most_, all_.front().name, all_.front().message));
  }
}

void SkipLog::remove_from(std::vector<SampleIndex>& samples) const {
  samples.erase(std::remove_if(samples.begin(), samples.end(),
                               [&](SampleIndex sample) { return skipped_[static_cast<size_t>(sample)]; }),
                samples.end());
}

}  // namespace kindred::host
