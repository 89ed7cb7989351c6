#include "nn/norms/trained_norm.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "nn/gradient_function.hpp"
#include "nn/norms/norm_kernels.hpp"

namespace kindred::nn {
namespace {

/// Rows whose sums are float32. Those of all are added in float64, in order, whoever computed them.
constexpr int64_t kRowsOfSum = 256;
constexpr int64_t kRowsOfPivot = 64;

/// Describes all rows of a map; what is added and the result are to be set.
NormRows rows_of(const at::Tensor& x, const Clamp& clamp) {
  NormRows all{};
  all.channels = x.size(1), all.rows = x.numel() / all.channels;
  all.x = x.data_ptr<float>(), all.low = clamp.low, all.high = clamp.high;
  return all;
}

/// Describes the rows [begin, end) of those.
NormRows part_of(NormRows all, int64_t begin, int64_t end) {
  const int64_t place = begin * all.channels;
  all.rows = end - begin, all.x += place;
  if (all.y != nullptr) all.y += place;
  if (all.other != nullptr) all.other += place;
  return all;
}

/// Calls `work` with parts of the rows, and with how many numbers lie before each.
template <typename Work>
void for_parts(const NormRows& all, Work work) {
  const int64_t parts = (all.rows + kRowsOfSum - 1) / kRowsOfSum;
  at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * kRowsOfSum, end = std::min(all.rows, begin + kRowsOfSum);
      work(i, part_of(all, begin, end), begin * all.channels);
    }
  });
}

/// Adds up two sums of each channel over all rows -> (2, channels), float64.
template <typename Work>
at::Tensor two_sums(const NormRows& all, Work work) {
  const auto sums = at::zeros({(all.rows + kRowsOfSum - 1) / kRowsOfSum, 2, all.channels}, at::kFloat);
  float* to = sums.data_ptr<float>();
  for_parts(all, [&](int64_t i, const NormRows& part, int64_t before) {
    float* first = to + i * 2 * all.channels;
    work(part, before, first, first + all.channels);
  });
  return sums.to(at::kDouble).sum(0);
}

constexpr float kUnbounded = std::numeric_limits<float>::infinity();

const float* numbers(const at::Tensor& t) { return t.data_ptr<float>(); }

class TrainedNorm : public torch::autograd::Function<TrainedNorm> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& given,
                            const at::Tensor& added, const at::Tensor& scale, const at::Tensor& shift,
                            const at::Tensor& running_mean, const at::Tensor& running_variance,
                            const BatchNormConstants& constants, const Clamp& clamp) {
    const auto x = channels_last(given), other = channels_last(added);
    const auto y = at::empty_like(x);
    auto all = rows_of(x, clamp);
    // Squares are taken of distances to a mean of some rows, so that little cancels far from zero.
    const auto rows = x.permute({0, 2, 3, 1}).flatten(0, 2);
    const auto step = std::max<int64_t>(1, all.rows / kRowsOfPivot);
    const auto pivot = rows.slice(0, 0, all.rows, step).mean(0);
    const auto moments = two_sums(all, [&](const NormRows& part, int64_t, float* sums, float* squares) {
      add_moments(part, numbers(pivot), sums, squares);
    });
    const double count = static_cast<double>(all.rows);
    const auto distance = moments[0] / count;
    const auto mean = distance + pivot, variance = (moments[1] / count - distance * distance).clamp_min(0);
    const double move = constants.momentum;
    running_mean.mul_(1 - move).add_(mean, move);
    running_variance.mul_(1 - move).add_(variance, move * count / (count - 1));

    const auto inverse = (variance + constants.epsilon).rsqrt();
    const auto wide_factor = inverse * scale;
    const auto factor = wide_factor.to(at::kFloat), offset = (shift - mean * wide_factor).to(at::kFloat);
    all.y = y.data_ptr<float>();
    if (other.numel() > 0) all.other = numbers(other);
    for_parts(all, [&](int64_t, const NormRows& part, int64_t) {
      normalize_rows(part, numbers(factor), numbers(offset));
    });
    // Without a clamp the gradient needs no result, and what is handed over stands in for it.
    const bool is_bounded = clamp.low > -kUnbounded || clamp.high < kUnbounded;
    context->save_for_backward({x, is_bounded ? y : x, scale, mean, inverse});
    context->saved_data["clamp"] = std::vector<double>{clamp.low, clamp.high};
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &y = saved[1], &scale = saved[2], &mean = saved[3], &inverse = saved[4];
    const auto clamp = context->saved_data["clamp"].toDoubleVector();
    const auto gradient = channels_last(gradients[0]);
    const float* g = numbers(gradient);
    auto all = rows_of(x, {static_cast<float>(clamp[0]), static_cast<float>(clamp[1])});
    all.y = y.data_ptr<float>();
    const auto rounded_mean = mean.to(at::kFloat);
    const auto sums = two_sums(all, [&](const NormRows& part, int64_t before, float* sum, float* product) {
      add_gradient_sums(part, g + before, numbers(rounded_mean), sum, product);
    });
    const double count = static_cast<double>(all.rows);
    const auto of_gradient = scale * inverse;
    const auto of_x = -of_gradient * inverse * inverse * sums[1] / count;
    const auto constant = -of_gradient * sums[0] / count;
    const std::array<at::Tensor, 3> rounded = {of_gradient.to(at::kFloat), of_x.to(at::kFloat),
                                               constant.to(at::kFloat)};
    const NormGradient of{numbers(rounded[0]), numbers(rounded[1]), numbers(rounded_mean),
                          numbers(rounded[2])};
    const auto of_input = at::empty_like(x);
    at::Tensor of_other;
    if (context->needs_input_grad(1)) of_other = at::empty_like(x);
    float *to = of_input.data_ptr<float>(),
          *to_other = of_other.defined() ? of_other.data_ptr<float>() : nullptr;
    for_parts(all, [&](int64_t, const NormRows& part, int64_t before) {
      gradient_rows(part, g + before, of, to + before, to_other == nullptr ? nullptr : to_other + before);
    });
    return {of_input,
            of_other,
            (sums[1] * inverse).to(at::kFloat),
            sums[0].to(at::kFloat),
            at::Tensor(),
            at::Tensor(),
            at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

bool serves_trained_norm(const at::Tensor& x) {
  return at::GradMode::is_enabled() && x.device().is_cpu() && x.scalar_type() == at::kFloat &&
         x.numel() > x.size(1);
}

at::Tensor trained_norm(const at::Tensor& x, const at::Tensor& other, const NormTensors& norm,
                        const BatchNormConstants& constants, const Clamp& clamp) {
  // An undefined tensor is no input to LibTorch.
  const auto added = other.defined() ? other : x.new_empty({0, 0, 0, 0});
  return TrainedNorm::apply(x, added, norm.scale, norm.shift, norm.mean, norm.variance, constants, clamp);
}

}  // namespace kindred::nn
