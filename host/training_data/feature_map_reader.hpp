#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "host/encoding/feature_views.hpp"

namespace kindred::host {

/// Reads batches of cached feature maps with a thread of its own while the caller computes. At most kAhead
/// wait.
class FeatureMapReader {
 public:
  /// `views` must outlive the reader; batches come in the order given, in `dtype`.
  FeatureMapReader(const FeatureViews& views, std::vector<std::vector<SampleView>> batches,
                   at::ScalarType dtype);
  ~FeatureMapReader();  ///< may be called before all batches were taken
  FeatureMapReader(const FeatureMapReader&) = delete;
  FeatureMapReader& operator=(const FeatureMapReader&) = delete;

  /// The next batch (B, ...): feature maps as (B, C, H, W) in channels_last memory. Call as often as there
  /// are batches. Throws what reading threw.
  at::Tensor next();

 private:
  static constexpr size_t kAhead = 2;
  void work();

  const FeatureViews& views_;
  const std::vector<std::vector<SampleView>> batches_;
  const at::ScalarType dtype_;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::queue<at::Tensor> waiting_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace kindred::host
