#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "host/base/context.hpp"
#include "host/base/turns.hpp"
#include "host/data/batch_loader.hpp"
#include "host/model/model.hpp"
#include "kindred/dataset.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

struct EncodeRowsOptions {
  at::Device device;
  int64_t batch_size = 32;
  int64_t threads = 0;
  bool mirror = false;       ///< the mirror images
  bool transformed = false;  ///< the pictures of the dataset are
  /// Objects of several sizes, which are encoded size by size; else that is an Error.
  bool sizes_may_differ = false;
  /// In whose turns the encoder works, where several threads encode by one model at once: components promise
  /// to work for one thread at a time. Null: there is one thread.
  Turns* network = nullptr;
};

/// Embeddings float32 (N, D) by one encoder of the samples `rows` in that order, on the device, in evaluation
/// mode and without a cache. Samples that cannot be read are appended to `skipped` and taken out of `rows`.
/// `dataset`: of the encoder's field. Throws Interrupted.
at::Tensor encode_rows(const Dataset& dataset, std::vector<SampleIndex>& rows,
                       const TransformList& transforms, const EncoderPart& part,
                       const EncodeRowsOptions& options, std::vector<SkippedSample>& skipped,
                       Context& context);

/// (N, D_1 + ... + D_n) from `count` parts (N, D_i): part i of the samples that are left by `embed`, which
/// takes those out of its argument that it cannot give. Only samples that every part can give stay in
/// `samples`.
at::Tensor join_embeddings(size_t count, std::vector<SampleIndex>& samples,
                           const std::function<at::Tensor(size_t, std::vector<SampleIndex>&)>& embed);

}  // namespace kindred::host
