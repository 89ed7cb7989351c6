#include "nn/norms/shared_norm.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "nn/gradient_function.hpp"

namespace kindred::nn {
namespace {

/// (C) in the shape and dtype in which it is combined with a map like x.
at::Tensor along_channels(const at::Tensor& values, const at::Tensor& x) {
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
  sizes[1] = values.numel();
  return values.to(x.scalar_type()).view(sizes);
}

std::vector<int64_t> all_but_channels(const at::Tensor& x) {
  std::vector<int64_t> out = {0};
  for (int64_t i = 2; i < x.dim(); ++i) out.push_back(i);
  return out;
}

/// The sums of the values of each channel and of their squares -> (2, C), float64.
class ChannelSums : public torch::autograd::Function<ChannelSums> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
    const auto count = x.numel() / x.size(1);
    auto mean = at::zeros({x.size(1)}, x.options().dtype(at::kDouble)), variance = mean;
    if (count > 0) {
      const auto moments = at::var_mean(x, all_but_channels(x), false);
      variance = std::get<0>(moments).to(at::kDouble), mean = std::get<1>(moments).to(at::kDouble);
    }
    context->save_for_backward({x, mean});
    return at::stack({mean, variance + mean.square()}) * static_cast<double>(count);
  }

  /// The derivatives of the sums are 1 and 2 x. What x and the mean have in common is taken out before it is
  /// rounded.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &mean = saved[1];
    const auto slope = 2 * gradients[0][1], constant = gradients[0][0] + slope * mean;
    return {(x - along_channels(mean, x)).mul_(along_channels(slope, x)).add_(along_channels(constant, x))};
  }
};

/// (x - centre) factor + offset, for each channel. Operators one by one would keep another map.
class ScaledChannels : public torch::autograd::Function<ScaledChannels> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& centre, const at::Tensor& factor, const at::Tensor& offset) {
    context->save_for_backward({x, centre, factor});
    return (x - along_channels(centre, x)).mul_(along_channels(factor, x)).add_(along_channels(offset, x));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &centre = saved[1], &factor = saved[2], &gradient = gradients[0];
    const auto summed_up = [&](const at::Tensor& map) {
      return map.sum(all_but_channels(x), false, at::kDouble);
    };
    return {gradient * along_channels(factor, x), at::Tensor(),
            summed_up((x - along_channels(centre, x)).mul_(gradient)), summed_up(gradient)};
  }
};

/// The sum over the processes. Its gradient is one, too, since all of them go on from it.
at::Tensor summed(const at::Tensor& mine, const std::shared_ptr<const SumOverProcesses>& sum) {
  auto all = mine.detach().clone();
  sum->add_up(all);
  if (!mine.requires_grad()) return all;
  const auto out = all + (mine - mine.detach());  // every process gets the same number
  out.register_hook([sum](const at::Tensor& gradient) {
    auto of_all = gradient.clone();
    sum->add_up(of_all);
    return of_all;
  });
  return out;
}

}  // namespace

at::Tensor shared_norm(const at::Tensor& x, const NormTensors& norm, const BatchNormConstants& constants,
                       const std::shared_ptr<const SumOverProcesses>& sum) {
  if (x.scalar_type() != norm.scale.scalar_type())
    return shared_norm(x.to(norm.scale.scalar_type()), norm, constants, sum).to(x.scalar_type());
  const auto own = ChannelSums::apply(x);
  const auto own_count = at::full({1}, static_cast<double>(x.numel() / x.size(1)), own.options());
  const auto all = summed(at::cat({own.flatten(), own_count}), sum);
  const double count = all.detach()[-1].item<double>();
  if (count <= 1)
    return at::batch_norm(x, norm.scale, norm.shift, norm.mean, norm.variance, false, constants.momentum,
                          constants.epsilon, false);
  const auto moments = all.slice(0, 0, -1).view_as(own) / count;
  const auto &mean = moments[0], variance = (moments[1] - mean.square()).clamp_min(0);
  const double move = constants.momentum;
  norm.mean.mul_(1 - move).add_(mean.detach(), move);
  norm.variance.mul_(1 - move).add_(variance.detach(), move * count / (count - 1));

  const auto factor = norm.scale * (variance + constants.epsilon).rsqrt();
  // The mean is subtracted before anything is rounded, but for its own rounding, which the offset makes good.
  const auto centre = mean.detach().to(x.scalar_type()).to(at::kDouble);
  return ScaledChannels::apply(x, centre, factor, norm.shift - (mean - centre) * factor);
}

}  // namespace kindred::nn
