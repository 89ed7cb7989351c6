#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <vector>

#include "host/base/index_types.hpp"

namespace kindred::host {

/// One view of one sample.
struct SampleView {
  SampleIndex sample;
  int64_t view;
};

/// The features of samples that the frozen stages of one encoder gave, by sample and view: embeddings (D) or
/// feature maps (H, W, C), all of one shape. Arrays stay where they are, usually memory-mapped; only the rows
/// asked for are copied. gather() is [thread-safe] once everything was added.
class FeatureViews {
 public:
  /// Adds an array. `values` (N, ...): float16, bfloat16 or float32, a row per sample of `samples`; all on
  /// the CPU or all on one device. `mapped`: over a file, so that pages that were read can be handed back.
  void add(int64_t view, const std::vector<SampleIndex>& samples, const at::Tensor& values, bool mapped);

  /// Gives (B, ...) of `dtype` where the arrays are; rows are converted while they are copied. The pages that
  /// were read stay in the system's page cache but not in this process, so that its memory does not grow with
  /// the arrays. Throws std::out_of_range for a sample that was not added.
  at::Tensor gather(const std::vector<SampleView>& which, at::ScalarType dtype) const;

 private:
  struct Array {
    at::Tensor values;
    bool mapped;
  };
  struct Place {
    size_t array;
    int64_t row;
  };
  Place place_of(const SampleView& which) const;
  void gather_on_device(const std::vector<SampleView>& which, at::Tensor& out) const;

  std::vector<Array> arrays_;
  std::map<int64_t, std::vector<Place>> places_;  // by view, then sample; row -1: not there
};

}  // namespace kindred::host
