#include "layers.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>

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
    out = at::batch_norm(convolved(x, weight_, at::Tensor()), scale_, shift_, mean_, variance_, true,
                         constants_.momentum, constants_.epsilon, true);
  } else {
    // With fixed statistics the norm is an affine map of the output channels, so it moves into the weight
    // and a bias: the maps are passed over once less forwards and twice less backwards. Scale and shift
    // still get their gradients, through the small tensors made here.
    const auto factor = scale_ * at::rsqrt(variance_ + constants_.epsilon);
    out = convolved(x, weight_ * factor.view({-1, 1, 1, 1}), shift_ - mean_ * factor);
  }
  // relu_ and hardtanh_ take their gradient from the result; clamp_ would keep a copy of its input.
  if (activation == Activation::relu) return at::relu_(out);
  if (activation == Activation::relu6) return at::hardtanh_(out, 0, 6);
  return out;
}

at::Tensor ConvolutionNorm::convolved(const at::Tensor& x, const at::Tensor& weight,
                                      const at::Tensor& bias) const {
  const std::array<int64_t, 2> stride = {shape_.stride, shape_.stride}, dilation = {1, 1};
  std::array<int64_t, 2> padding = {shape_.kernel / 2, shape_.kernel / 2};
  auto input = x;
  if (shape_.padding == Padding::same) {
    const auto surplus = [&](int64_t size) {
      const int64_t outputs = (size + shape_.stride - 1) / shape_.stride;
      return std::max<int64_t>(0, (outputs - 1) * shape_.stride + shape_.kernel - size);
    };
    const int64_t high = surplus(x.size(2)), wide = surplus(x.size(3));
    padding = {high / 2, wide / 2};
    if (high % 2 != 0 || wide % 2 != 0) {
      input = at::constant_pad_nd(x, {wide / 2, wide - wide / 2, high / 2, high - high / 2})
                  .contiguous(at::MemoryFormat::ChannelsLast);
      padding = {0, 0};
    }
  }
  const auto dtype = x.scalar_type();
  // oneDNN has no fast bfloat16 gradient for depthwise kernels wider than 3: 10 to 25 times slower.
  const bool in_float = dtype == at::kBFloat16 && shape_.groups > 1 && shape_.kernel > 3 &&
                        at::GradMode::is_enabled() && x.device().is_cpu();
  const auto computed = in_float ? at::kFloat : dtype;
  const auto out =
      at::conv2d(input.to(computed), weight.to(computed), bias.defined() ? bias.to(computed) : bias, stride,
                 padding, dilation, shape_.groups);
  return out.to(dtype);
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
