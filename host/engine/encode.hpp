#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "host/engine/batch_loader.hpp"
#include "host/engine/model.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/dataset.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

/// The embeddings of every sample of a dataset by a frozen encoder.
struct EncodedDataset {
  at::Tensor embeddings;  ///< float32 (N, D), possibly memory-mapped; rows of skipped samples are NaN
  std::vector<SkippedSample> skipped;
  bool cache_hit = false;  ///< nothing had to be encoded
  int64_t encoded = 0;     ///< samples encoded by this call
  double seconds = 0;
};

struct EncodeOptions {
  CacheSection cache;  ///< type "memory" leaves no file behind
  at::Device device;
  int64_t threads = 0;  ///< that read samples; 0: one per processor
  bool quiet = false;
};

/// What of an encoder's entry decides its embeddings, besides its tensors; JSON text.
std::string encoder_description(const EncoderSpec& encoder);

/// Reads, transforms and encodes every sample once, or opens what an earlier call left in the cache. The
/// cache's key covers the encoder's tensors and parameters, the transforms, the dataset's fingerprint and
/// the versions. Vectors that an encoder hands through unchanged are used in place. A stopped call (Ctrl-C:
/// throws Interrupted) is continued by the next one.
EncodedDataset encode_dataset(const Dataset& dataset, const std::string& dataset_id,
                              const std::vector<std::shared_ptr<Transform>>& transforms,
                              const std::string& transforms_description, const Model& model,
                              const std::string& encoder_description, const EncodeOptions& options);

struct EncodeRowsOptions {
  at::Device device;
  int64_t batch_size = 32;
  int64_t threads = 0;
  bool quiet = false;
};

/// Embeddings float32 (N, D) of the samples `rows` in that order, on the device, in evaluation mode and
/// without a cache. Samples that cannot be read are appended to `skipped` and taken out of `rows`. Throws
/// Interrupted.
at::Tensor encode_rows(const Dataset& dataset, std::vector<int64_t>& rows,
                       const std::vector<std::shared_ptr<Transform>>& transforms, const Model& model,
                       const EncodeRowsOptions& options, std::vector<SkippedSample>& skipped);

}  // namespace kindred::host
