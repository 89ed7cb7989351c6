#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <string>

#include "nn/activation.hpp"
#include "nn/inference_convolution.hpp"
#include "nn/norms/batch_norm.hpp"
#include "nn/tensor_list.hpp"

namespace kindred::nn {

/// How a border is filled. centred: `kernel / 2` zeros on every side. same: TensorFlow's, which gives
/// ceil(size / stride) outputs; a surplus zero goes right and below.
enum class Padding { centred, same };

struct ConvolutionShape {
  int64_t inputs, outputs, kernel = 1, stride = 1, groups = 1;
  Padding padding = Padding::centred;
};

/// Convolution without a bias, batch norm, activation, in the dtype of the input. The weight
/// (out, in / groups, k, k) is drawn by He et al. 2015 (fan out); names are "<convolution>.weight" and
/// "<norm>.weight", ".bias", ".running_mean", ".running_var".
class ConvolutionNorm {
 public:
  /// A layer without tensors, to be assigned to. prepare_for_inference() of it does nothing.
  ConvolutionNorm() = default;
  ConvolutionNorm(const std::string& convolution, const std::string& norm, const ConvolutionShape& shape,
                  const BatchNormConstants& constants, TensorList& list, uint64_t seed);

  /// (B, in, H, W) -> (B, out, ...). Where the statistics are those of the batch and a channel has a single
  /// value, which has no variance, it divides by the running ones.
  at::Tensor operator()(const at::Tensor& x, Activation activation, const NormStatistics& statistics) const;

  /// activation(this layer of x, plus `other`).
  at::Tensor added_to(const at::Tensor& other, const at::Tensor& x, Activation activation,
                      const NormStatistics& statistics) const;

  /// See Module::prepare_for_inference: keeps the norm folded into weight and bias, of `dtype`, and packed
  /// for make_inference_convolution(). They take the memory of the weight two to five times more, serve input
  /// of that dtype without gradients and batch statistics, and give what folding at every call gives but for
  /// rounding.
  void prepare_for_inference(at::ScalarType dtype);
  /// What prepare_for_inference() made, with the border of maps whose sides are multiples of the stride;
  /// without a weight where nothing is prepared.
  FinalConvolution prepared() const;
  /// Says whether a map has the border of prepared().
  bool has_prepared_border(const at::Tensor& x) const {
    return shape_.padding == Padding::centred ||
           (x.size(2) % shape_.stride == 0 && x.size(3) % shape_.stride == 0);
  }
  /// Drops what prepare_for_inference() made.
  void undo_preparation() { folded_ = {}; }

 private:
  /// The norm with its fixed statistics is an affine map of the output channels, so it moves into the weight
  /// and a bias.
  struct Folded {
    at::Tensor weight, bias;
    std::shared_ptr<const InferenceConvolution> convolution{};
  };
  Folded folded() const;
  struct Border {
    std::array<int64_t, 2> before, after;
  };
  /// Says whether the convolution that was made for inference does this.
  bool fits(const at::Tensor& x, Activation activation) const;
  /// The zeros around a map of this height and width.
  Border border(int64_t height, int64_t width) const;
  /// activation(the convolution of x, normalised by its own statistics, plus `other` where that is defined).
  at::Tensor normalized(const at::Tensor& x, const at::Tensor& other, Activation activation,
                        const NormStatistics& statistics) const;
  at::Tensor convolved(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       Activation activation) const;
  ConvolutionShape shape_{};
  BatchNormConstants constants_{};
  at::Tensor weight_, scale_, shift_, mean_, variance_;
  Folded folded_;
};

}  // namespace kindred::nn
