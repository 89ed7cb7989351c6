#include "nn/trained_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/tiled_convolution.hpp"

namespace kindred::nn {
namespace {

/// Fewer do not pay for transforming the weights.
constexpr int64_t kLeastTiles = 16;

/// Says whether tiles, which reach beyond the maps, have at most half of the multiplications.
bool gains(const at::Tensor& x) {
  const int64_t tiles = tile_count(x), results = x.numel() / x.size(1);
  return tiles >= kLeastTiles && 2 * tiles * kTilePlaces <= results * 9;
}

at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

class TrainedConvolution : public torch::autograd::Function<TrainedConvolution> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& given,
                            const at::Tensor& weight, const at::Tensor& bias) {
    const auto x = channels_last(given);
    context->save_for_backward({x, weight});
    const TiledWeight tiled(weight.permute({2, 3, 1, 0}).contiguous());
    return tiled_convolution(x, tiled, bias.contiguous(), at::Tensor(), clamp_of(Activation::none));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto gradient = channels_last(gradients[0]);
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0)) {
      // What a result was made of gets its gradient through the same taps, seen from the other side.
      const TiledWeight turned(weight.permute({2, 3, 0, 1}).flip({0, 1}).contiguous());
      of_x = tiled_convolution(gradient, turned, gradient.new_zeros({x.size(1)}), at::Tensor(),
                               clamp_of(Activation::none));
    }
    if (context->needs_input_grad(1)) of_weight = tiled_weight_gradient(x, gradient);
    if (context->needs_input_grad(2)) of_bias = gradient.sum(at::IntArrayRef{0, 2, 3});
    return {of_x, of_weight, of_bias};
  }
};

}  // namespace

bool serves_trained(const at::Tensor& x, const at::Tensor& weight, const FixedShape& shape) {
  return at::GradMode::is_enabled() && x.device().is_cpu() && x.scalar_type() == at::kFloat &&
         serves_tiles(weight, shape) && gains(x);
}

at::Tensor trained_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return TrainedConvolution::apply(x, weight, bias);
}

}  // namespace kindred::nn
