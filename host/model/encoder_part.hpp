#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kindred/encoder.hpp"

namespace kindred::host {

/// An encoder in its place: which field of the samples it reads, and which of its stages are trained.
struct EncoderPart {
  std::string name;                  ///< its key in the pipeline
  std::string id, plugin;            ///< for messages
  std::string field_name;            ///< as the pipeline has it; "": the first
  size_t field = 0;                  ///< of the dataset
  std::shared_ptr<Encoder> encoder;  ///< under its contract
  ObjectKind object_kind = ObjectKind::image;
  int64_t stage_count = 1;
  int64_t first_trained = 1;  ///< stages from here on are trained: 0 all, stage_count none
  int64_t dimension = 0;      ///< D of its embeddings
  at::ScalarType training_dtype = at::kFloat;
  bool gradient_checkpointing = false;  ///< trained stages run again in the backward pass

  int64_t low_rank = 0;  ///< rank of what is added to the matrices below, which is then all that learns
  std::vector<std::string> low_rank_matrices;

  bool learns() const { return first_trained < stage_count; }

  /// Batch -> float32 (B, D) with the shape checked. Throws PluginError.
  at::Tensor encode(const Batch& batch) const;

  /// The same in evaluation mode, without gradients: an encoder that runs side by side gets a part of the
  /// batch on each thread of the CPU.
  at::Tensor infer(const Batch& batch) const;

  /// The same in two parts, cut before the first trained stage: the frozen stages in `dtype`, in evaluation
  /// mode and without gradients; then the trained ones. Tokens of texts, which an encoder that is trained
  /// whole begins with, keep their own dtype.
  at::Tensor frozen_feature_map(const Batch& batch, at::ScalarType dtype) const;
  at::Tensor encode_feature_map(const at::Tensor& map) const;

  /// Parameters and buffers of the stages that are trained; only the parameters.
  std::vector<NamedTensor> trained_tensors() const;
  std::vector<NamedTensor> trained_parameters() const;
};

/// What is wrong is caught where a component hands it over, not three calls later inside LibTorch: throws
/// PluginError unless `out` is float32 (B, columns) on the device of `input`, whose first dimension is B.
void check_output(const at::Tensor& out, const at::Tensor& input, int64_t columns, const std::string& plugin,
                  const std::string& component);

}  // namespace kindred::host
