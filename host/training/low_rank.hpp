#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/encoder_part.hpp"
#include "host/options/model_options.hpp"
#include "kindred/random.hpp"

namespace kindred::host {

/// A matrix W of an encoder that learns by low-rank adaptation (Hu et al. 2021, "LoRA: Low-Rank Adaptation of
/// Large Language Models", section 4.1): W = W0 + alpha / rank * B A, where only the factors B and A learn. W
/// itself is what the encoder computes with, so that every encoder can learn this way and a saved model needs
/// no merging. The gradient of the factors follows from that of W: dB = alpha / rank * dW A^T, and
/// dA = alpha / rank * B^T dW.
class LowRankMatrix {
 public:
  /// `weight` (out, in) is the encoder's own tensor. A is drawn from U(-1 / sqrt(in), 1 / sqrt(in)) and B is
  /// 0, so that W is W0 at first.
  LowRankMatrix(NamedTensor weight, const LoraOptions& options, Random random);

  /// A (rank, in) and B (out, rank), under the name of W and ".lora_A" or ".lora_B".
  std::vector<NamedTensor> factors() const;

  /// Lets W collect its gradient where one of the factors learns.
  void follow_learning();

  /// Replaces the gradient of W, if it has one, by those of the factors.
  void take_gradient();

  /// Computes W from the factors.
  void write_weight();

 private:
  NamedTensor weight_;
  at::Tensor initial_;  ///< W0
  at::Tensor a_, b_;
  double scale_;
};

/// The matrices of the encoder's trained stages that `spec.lora` names. Throws PipelineError where there are
/// none, where one of its patterns finds none, and where the rank is not less than both sides of one.
std::vector<NamedTensor> lora_targets(const EncoderSpec& spec, const EncoderPart& part);

}  // namespace kindred::host
