#include "nn/trained_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <vector>

#include "nn/gradient_function.hpp"
#include "nn/matrix_convolution.hpp"
#include "nn/tiled_convolution.hpp"

namespace kindred::nn {
namespace {

/// Fewer tiles do not pay for transforming the weights, and fewer channels not for transforming the maps.
constexpr int64_t kLeastTiles = 16, kLeastChannels = 64;

/// Says whether tiles, which reach beyond the maps, have at most half of the multiplications.
bool takes_tiles(const at::Tensor& x, const at::Tensor& weight, const FixedShape& shape) {
  const int64_t tiles = tile_count(x), results = x.numel() / x.size(1);
  return serves_tiles(weight, shape) && std::min(weight.size(0), weight.size(1)) >= kLeastChannels &&
         tiles >= kLeastTiles && 2 * tiles * kTilePlaces <= results * 9;
}

bool takes_matrices(const at::Tensor& weight, const FixedShape& shape) {
  return processor_kernels().instruction_set == InstructionSet::avx2 && shape.before == shape.after &&
         weight.size(2) > 1 && weight.size(0) >= kLeastChannels && serves_matrices(weight, shape);
}

at::Tensor input_gradient(const at::Tensor& x, const at::Tensor& weight, const FixedShape& shape,
                          const at::Tensor& gradient) {
  if (takes_tiles(x, weight, shape)) {
    // What a result was made of gets its gradient through the same taps, seen from the other side.
    const TiledWeight turned(weight.permute({2, 3, 0, 1}).flip({0, 1}).contiguous());
    return tiled_convolution(gradient, turned, gradient.new_zeros({x.size(1)}), at::Tensor(),
                             clamp_of(Activation::none));
  }
  const std::array<int64_t, 2> stride = {shape.stride, shape.stride}, dilation = {1, 1}, added = {0, 0};
  const auto found = at::convolution_backward(gradient, x, weight, at::OptionalIntArrayRef(), stride,
                                              shape.before, dilation, false, added, 1, {true, false, false});
  return std::get<0>(found);
}

class TrainedConvolution : public torch::autograd::Function<TrainedConvolution> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& given,
                            const at::Tensor& weight, const at::Tensor& bias, const FixedShape& shape) {
    const auto x = channels_last(given);
    context->save_for_backward({x, weight});
    context->saved_data["shape"] = std::vector<int64_t>{shape.stride, shape.before[0], shape.before[1]};
    const auto none = clamp_of(Activation::none);
    if (!takes_tiles(x, weight, shape))
      return matrix_convolution(x, packed_kernel(weight, bias), weight.size(2), shape, at::Tensor(), none);
    const TiledWeight tiled(weight.permute({2, 3, 1, 0}).contiguous());
    return tiled_convolution(x, tiled, bias.contiguous(), at::Tensor(), none);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto numbers = context->saved_data["shape"].toIntVector();
    const FixedShape shape{numbers[0], 1, {numbers[1], numbers[2]}, {numbers[1], numbers[2]}};
    const auto gradient = channels_last(gradients[0]);
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0)) of_x = input_gradient(x, weight, shape, gradient);
    if (context->needs_input_grad(1))
      of_weight = takes_tiles(x, weight, shape) ? tiled_weight_gradient(x, gradient)
                                                : matrix_weight_gradient(x, gradient, weight.size(2), shape);
    if (context->needs_input_grad(2)) of_bias = gradient.sum(at::IntArrayRef{0, 2, 3});
    return {of_x, of_weight, of_bias, at::Tensor()};
  }
};

}  // namespace

bool serves_trained(const at::Tensor& x, const at::Tensor& weight, const FixedShape& shape) {
  return at::GradMode::is_enabled() && x.device().is_cpu() && x.scalar_type() == at::kFloat &&
         x.numel() > 0 && x.size(1) == weight.size(1) * shape.groups &&
         (takes_tiles(x, weight, shape) || takes_matrices(weight, shape));
}

at::Tensor trained_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                               const FixedShape& shape) {
  return TrainedConvolution::apply(x, weight, bias, shape);
}

}  // namespace kindred::nn
