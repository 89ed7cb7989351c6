#pragma once

#include <cstdint>
#include <vector>

#include "host/base/context.hpp"
#include "host/base/index_types.hpp"
#include "host/data/batch_loader.hpp"
#include "host/options/data_options.hpp"

namespace kindred::host {

/// What the warning of a sample that was skipped begins with.
inline constexpr const char* kSkippedSample = "skipped ";

/// The samples of a dataset that could not be read, each once, and what data.on_error and data.max_skipped
/// say about them.
class SkipLog {
 public:
  /// `context` must outlive it.
  SkipLog(const LoadingOptions& options, int64_t dataset_size, Context& context);

  /// Logs the new ones. Throws Error when skipping is not allowed, or too many are skipped.
  void note(const std::vector<SkippedSample>& skipped);

  const std::vector<SkippedSample>& all() const { return all_; }
  /// Takes the skipped ones out of a list of samples.
  void remove_from(std::vector<SampleIndex>& samples) const;

 private:
  Context& context_;
  bool fails_;
  double most_;
  int64_t dataset_size_;
  std::vector<SkippedSample> all_;
  std::vector<bool> skipped_;  // by sample
};

}  // namespace kindred::host
