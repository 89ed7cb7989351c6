#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/model/encoder_part.hpp"
#include "host/model/head_chain.hpp"

namespace kindred::host {

/// Encoders, whose embeddings are joined, and the heads behind them.
struct Model {
  std::vector<EncoderPart> encoders;  ///< at least one, in the order of their names
  HeadChain heads;
  int64_t embedding_dimension = 0;  ///< D of the encoders' embeddings together
  int64_t output_dimension = 0;     ///< D of what the last head gives

  /// float32 (B, D) -> float32 (B, D'); without heads the input itself. Throws PluginError.
  at::Tensor apply_heads(const at::Tensor& embeddings) const { return heads.apply(embeddings); }

  /// What is measured as the encoders alone: without the columns by which a switch chooses.
  at::Tensor base(const at::Tensor& embeddings) const;

  /// D of what apply_heads() gives now: heads that wait for their fit do not count.
  int64_t present_dimension() const { return heads.present_dimension(embedding_dimension); }

  /// Says whether a stage of any encoder is trained.
  bool learns() const;
};

/// Parameters and buffers of all heads, named "<place>.<name>".
std::vector<NamedTensor> head_tensors(const Model& model);

/// Parameters and buffers of all encoders; of their trained stages; only the parameters of those. Where there
/// are several encoders, names begin with theirs and a dot.
std::vector<NamedTensor> encoder_tensors(const Model& model);
std::vector<NamedTensor> trained_encoder_tensors(const Model& model);
std::vector<NamedTensor> trained_encoder_parameters(const Model& model);

/// Moves tensors to a device. A list of tensors is a list of handles: the tensors themselves, which modules
/// hold too, are changed.
void move_to(std::vector<NamedTensor> tensors, at::Device device);

/// Tells the encoders that their tensors keep their values and that batches are float32 from now on.
void prepare_for_inference(Model& model);

/// Returns deep copies of the tensors.
std::vector<NamedTensor> snapshot(const std::vector<NamedTensor>& tensors);
/// Gives the tensors that `target` has handles of the values of `source`, by position.
void restore(std::vector<NamedTensor> target, const std::vector<NamedTensor>& source);

/// A table for people: module, tensor shapes, parameters, whether trained.
std::string model_summary(const Model& model);

}  // namespace kindred::host
