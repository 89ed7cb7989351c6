#include "layers.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <array>
#include <cmath>
#include <limits>

#include "depthwise.hpp"
#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"

namespace kindred {
namespace {

/// Initial values depend on the seed and the tensor's name alone, so that they do not shift when another
/// layer comes or goes.
at::Generator generator_of(uint64_t seed, const std::string& name) {
  uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return at::detail::createCPUGenerator(Random(seed, hash).next());
}

/// relu_ and hardtanh_ take their gradient from the result; clamp_ would keep a copy of its input.
at::Tensor activated(at::Tensor out, Activation activation) {
  if (activation == Activation::relu) return at::relu_(out);
  if (activation == Activation::relu6) return at::hardtanh_(out, 0, 6);
  return out;
}

}  // namespace

ConvolutionNorm::ConvolutionNorm(const std::string& convolution, const std::string& norm,
                                 const ConvolutionShape& shape, const Norm& constants, TensorList& list,
                                 uint64_t seed)
    : shape_(shape),
      constants_(constants),
      weight_(
          at::empty({shape.outputs, shape.inputs / shape.groups, shape.kernel, shape.kernel}, at::kFloat)),
      scale_(at::ones({shape.outputs}, at::kFloat)),
      shift_(at::zeros({shape.outputs}, at::kFloat)),
      mean_(at::zeros({shape.outputs}, at::kFloat)),
      variance_(at::ones({shape.outputs}, at::kFloat)) {
  const int64_t fan_out = shape.outputs / shape.groups * shape.kernel * shape.kernel;
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_out));
  weight_.normal_(0, deviation, generator_of(seed, convolution));
  weight_ = weight_.contiguous(at::MemoryFormat::ChannelsLast);
  list.parameters.push_back({convolution + ".weight", weight_});
  list.parameters.push_back({norm + ".weight", scale_});
  list.parameters.push_back({norm + ".bias", shift_});
  list.buffers.push_back({norm + ".running_mean", mean_});
  list.buffers.push_back({norm + ".running_var", variance_});
}

at::Tensor ConvolutionNorm::operator()(const at::Tensor& x, Activation activation,
                                       bool batch_statistics) const {
  at::Tensor out;
  if (batch_statistics) {
    out = at::batch_norm(convolved(x, weight_, at::Tensor(), Activation::none), scale_, shift_, mean_,
                         variance_, true, constants_.momentum, constants_.epsilon, true);
    return activated(out, activation);
  }
  // With fixed statistics the norm is an affine map of the output channels, so it moves into the weight and
  // a bias: the maps are passed over once less forwards and twice less backwards. Scale and shift still get
  // their gradients, through the small tensors made here.
  const auto factor = scale_ * at::rsqrt(variance_ + constants_.epsilon);
  return convolved(x, weight_ * factor.view({-1, 1, 1, 1}), shift_ - mean_ * factor, activation);
}

at::Tensor ConvolutionNorm::convolved(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                      Activation activation) const {
  const int64_t kernel = shape_.kernel, step = shape_.stride;
  std::array<int64_t, 2> before = {kernel / 2, kernel / 2}, after = before;
  if (shape_.padding == Padding::same) {
    for (size_t i = 0; i < 2; ++i) {
      const int64_t size = x.size(2 + static_cast<int64_t>(i)), outputs = (size + step - 1) / step;
      const auto surplus = std::max<int64_t>(0, (outputs - 1) * step + kernel - size);
      before[i] = surplus / 2, after[i] = surplus - surplus / 2;
    }
  }
  const bool depthwise = shape_.groups == shape_.inputs && shape_.groups == shape_.outputs;
  if (depthwise && serves_depthwise(x, kernel)) {
    const auto outputs = [&](size_t i) {
      return (x.size(2 + static_cast<int64_t>(i)) + before[i] + after[i] - kernel) / step + 1;
    };
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return depthwise_convolution(x, weight, bias.defined() ? bias : at::zeros({shape_.outputs}, at::kFloat),
                                 {step,
                                  before,
                                  {outputs(0), outputs(1)},
                                  activation == Activation::none ? -kInfinity : 0,
                                  activation == Activation::relu6 ? 6 : kInfinity});
  }
  auto input = x;
  if (before != after) {
    input = at::constant_pad_nd(x, {before[1], after[1], before[0], after[0]})
                .contiguous(at::MemoryFormat::ChannelsLast);
    before = {0, 0};
  }
  const auto dtype = x.scalar_type();
  const std::array<int64_t, 2> stride = {step, step}, dilation = {1, 1};
  return activated(at::conv2d(input, weight.to(dtype), bias.defined() ? bias.to(dtype) : bias, stride, before,
                              dilation, shape_.groups),
                   activation);
}

FullyConnected::FullyConnected(const std::string& name, int64_t inputs, int64_t outputs, TensorList& list,
                               uint64_t seed) {
  weight_ = at::empty({outputs, inputs}, at::kFloat);
  bias_ = at::empty({outputs}, at::kFloat);
  auto generator = generator_of(seed, name);
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  weight_.uniform_(-bound, bound, generator);
  bias_.uniform_(-bound, bound, generator);
  list.parameters.push_back({name + ".weight", weight_});
  list.parameters.push_back({name + ".bias", bias_});
}

at::Tensor FullyConnected::operator()(const at::Tensor& x) const { return at::addmm(bias_, x, weight_.t()); }

at::Tensor global_average(const at::Tensor& x) { return x.mean({2, 3}, false, at::kFloat); }

void load_weights(const std::string& what, const std::string& path, const TensorList& list,
                  bool (*ignore)(const std::string&)) {
  auto target = list.parameters;
  target.insert(target.end(), list.buffers.begin(), list.buffers.end());
  load_named_tensors(what + " weights in " + path, target, read_checkpoint(path), nullptr, ignore);
}

}  // namespace kindred
