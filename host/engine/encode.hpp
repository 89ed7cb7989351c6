#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "host/engine/batch_loader.hpp"
#include "host/engine/model.hpp"
#include "kindred/dataset.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

/// `samples` from number `first` on, in batches of `size`.
std::vector<std::vector<int64_t>> batches_of(const std::vector<int64_t>& samples, int64_t first,
                                             int64_t size);

struct EncodeRowsOptions {
  at::Device device;
  int64_t batch_size = 32;
  int64_t threads = 0;
  bool quiet = false;
  bool mirror = false;  ///< the mirror images
};

/// Embeddings float32 (N, D) by one encoder of the samples `rows` in that order, on the device, in evaluation
/// mode and without a cache. Samples that cannot be read are appended to `skipped` and taken out of `rows`.
/// `dataset`: of the encoder's field. Throws Interrupted.
at::Tensor encode_rows(const Dataset& dataset, std::vector<int64_t>& rows,
                       const std::vector<std::shared_ptr<Transform>>& transforms, const EncoderPart& part,
                       const EncodeRowsOptions& options, std::vector<SkippedSample>& skipped);

/// The same by all encoders of a model, joined.
at::Tensor encode_rows(const Dataset& dataset, std::vector<int64_t>& rows,
                       const std::vector<std::shared_ptr<Transform>>& transforms, const Model& model,
                       const EncodeRowsOptions& options, std::vector<SkippedSample>& skipped);

/// (N, D_1 + ... + D_n) from `count` parts (N, D_i): part i of the samples that are left by `embed`, which
/// takes those out of its argument that it cannot give. Only samples that every part can give stay in
/// `samples`.
at::Tensor join_embeddings(size_t count, std::vector<int64_t>& samples,
                           const std::function<at::Tensor(size_t, std::vector<int64_t>&)>& embed);

}  // namespace kindred::host
