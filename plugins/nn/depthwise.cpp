#include "nn/depthwise.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "nn/depthwise_kernels.hpp"
#include "nn/gradient_function.hpp"

namespace kindred::nn {
namespace {

/// Splits the groups of channels among the threads.
template <typename Work>
void for_channel_groups(int64_t channels, Work work) {
  const int64_t groups = channels / kDepthwiseLanes, threads = at::get_num_threads();
  at::parallel_for(0, groups, std::max<int64_t>(1, (groups + threads - 1) / threads), work);
}

/// Returns k of a k x k kernel whose weights by_position() has ordered.
int64_t kernel_of(const at::Tensor& weight) { return weight.size(0) == 9 ? 3 : 5; }

template <typename T>
DepthwiseArguments<T> arguments_of(const at::Tensor& x, const at::Tensor& weight,
                                   const DepthwiseShape& shape) {
  DepthwiseArguments<T> a{};
  a.kernel = kernel_of(weight);
  a.weight = weight.data_ptr<float>();
  a.batch = x.size(0), a.channels = x.size(1), a.height = x.size(2), a.width = x.size(3);
  a.out_height = shape.outputs[0], a.out_width = shape.outputs[1], a.stride = shape.stride;
  a.top = shape.padding[0], a.left = shape.padding[1], a.low = shape.low, a.high = shape.high;
  a.x = x.data_ptr<T>();
  return a;
}

template <typename T>
void run_forward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& y,
                 const DepthwiseShape& shape) {
  auto a = arguments_of<T>(x, weight, shape);
  a.bias = bias.data_ptr<float>(), a.y = y.data_ptr<T>();
  for_channel_groups(a.channels, [&](int64_t first, int64_t last) { depthwise_forward(a, first, last); });
}

template <typename T>
void run_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& y,
                  const at::Tensor& grad_y, const at::Tensor& grad_x, const at::Tensor& grad_weight,
                  const at::Tensor& grad_bias, const DepthwiseShape& shape) {
  auto a = arguments_of<T>(x, weight, shape);
  a.y = y.data_ptr<T>(), a.grad_y = grad_y.data_ptr<T>();
  a.grad_x = grad_x.defined() ? grad_x.data_ptr<T>() : nullptr;
  a.grad_weight = grad_weight.data_ptr<float>(), a.grad_bias = grad_bias.data_ptr<float>();
  for_channel_groups(a.channels, [&](int64_t first, int64_t last) { depthwise_backward(a, first, last); });
}

/// (C, 1, k, k) -> (k * k, C), so that the weights of neighbouring channels are neighbours.
at::Tensor by_position(const at::Tensor& weight) {
  return weight.reshape({weight.size(0), -1}).t().contiguous();
}

class Depthwise : public torch::autograd::Function<Depthwise> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& given,
                            const at::Tensor& weight, const at::Tensor& bias, const DepthwiseShape& shape) {
    const auto x = channels_last(given), positions = by_position(weight);
    auto y = at::empty({x.size(0), x.size(1), shape.outputs[0], shape.outputs[1]}, x.options(),
                       at::MemoryFormat::ChannelsLast);
    if (x.scalar_type() == at::kFloat) {
      run_forward<float>(x, positions, bias.contiguous(), y, shape);
    } else {
      run_forward<at::BFloat16>(x, positions, bias.contiguous(), y, shape);
    }
    context->save_for_backward({x, positions, y});
    context->saved_data["shape"] = std::vector<int64_t>{shape.stride, shape.padding[0], shape.padding[1]};
    context->saved_data["clamp"] = std::vector<double>{shape.low, shape.high};
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &y = saved[2];
    const auto numbers = context->saved_data["shape"].toIntVector();
    const auto clamp = context->saved_data["clamp"].toDoubleVector();
    const int64_t kernel = kernel_of(weight);
    const DepthwiseShape shape = {numbers[0],
                                  {numbers[1], numbers[2]},
                                  {y.size(2), y.size(3)},
                                  static_cast<float>(clamp[0]),
                                  static_cast<float>(clamp[1])};
    const auto grad_y = channels_last(gradients[0]);
    auto grad_x = context->needs_input_grad(0) ? at::empty_like(x) : at::Tensor();
    const auto grad_weight = at::zeros_like(weight), grad_bias = at::zeros({x.size(1)}, at::kFloat);
    if (x.scalar_type() == at::kFloat) {
      run_backward<float>(x, weight, y, grad_y, grad_x, grad_weight, grad_bias, shape);
    } else {
      run_backward<at::BFloat16>(x, weight, y, grad_y, grad_x, grad_weight, grad_bias, shape);
    }
    return {grad_x, grad_weight.t().reshape({x.size(1), 1, kernel, kernel}), grad_bias, at::Tensor()};
  }
};

}  // namespace

bool serves_depthwise(const at::Tensor& x, int64_t kernel) {
  const auto dtype = x.scalar_type();
  return (kernel == 3 || kernel == 5) && x.device().is_cpu() && at::GradMode::is_enabled() &&
         x.size(1) % kDepthwiseLanes == 0 && (dtype == at::kFloat || dtype == at::kBFloat16);
}

at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                 const DepthwiseShape& shape) {
  return Depthwise::apply(x, weight, bias, shape);
}

}  // namespace kindred::nn
