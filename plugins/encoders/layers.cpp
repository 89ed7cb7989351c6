#include "layers.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"

namespace kindred {
namespace {

/// Initial values depend on the seed and the tensor's name alone, so that they do not shift when another
/// layer comes or goes.
Random stream_of(uint64_t seed, const std::string& name) {
  uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return Random(seed, hash);
}

}  // namespace

Convolution::Convolution(const std::string& name, int64_t inputs, int64_t outputs, int64_t kernel,
                         int64_t stride, int64_t groups, TensorList& list, uint64_t seed)
    : kernel_(kernel), stride_(stride), groups_(groups) {
  weight_ = at::empty({outputs, inputs / groups, kernel, kernel}, at::kFloat);
  auto random = stream_of(seed, name);
  const double deviation = std::sqrt(2.0 / static_cast<double>(outputs / groups * kernel * kernel));
  auto* values = weight_.data_ptr<float>();
  for (int64_t i = 0; i < weight_.numel(); ++i) {
    // Box-Muller; 1 - u keeps the logarithm finite.
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    values[i] = static_cast<float>(deviation * radius * std::cos(6.283185307179586 * random.uniform()));
  }
  weight_ = weight_.contiguous(at::MemoryFormat::ChannelsLast);
  list.parameters.push_back({name + ".weight", weight_});
}

at::Tensor Convolution::convolved(const at::Tensor& x, int64_t rows, int64_t columns) const {
  const std::array<int64_t, 2> stride = {stride_, stride_}, padding = {rows, columns}, dilation = {1, 1};
  return at::conv2d(x, weight_, at::Tensor(), stride, padding, dilation, groups_);
}

at::Tensor Convolution::operator()(const at::Tensor& x) const {
  return convolved(x, kernel_ / 2, kernel_ / 2);
}

at::Tensor Convolution::same(const at::Tensor& x) const {
  const auto surplus = [&](int64_t size) {
    const int64_t outputs = (size + stride_ - 1) / stride_;
    return std::max<int64_t>(0, (outputs - 1) * stride_ + kernel_ - size);
  };
  const int64_t high = surplus(x.size(2)), wide = surplus(x.size(3));
  if (high % 2 == 0 && wide % 2 == 0) {
    return convolved(x, high / 2, wide / 2);
  }
  const auto padded = at::constant_pad_nd(x, {wide / 2, wide - wide / 2, high / 2, high - high / 2});
  return convolved(padded.contiguous(at::MemoryFormat::ChannelsLast), 0, 0);
}

BatchNorm::BatchNorm(const std::string& name, int64_t channels, double epsilon, double momentum,
                     TensorList& list)
    : scale_(at::ones({channels}, at::kFloat)),
      shift_(at::zeros({channels}, at::kFloat)),
      mean_(at::zeros({channels}, at::kFloat)),
      variance_(at::ones({channels}, at::kFloat)),
      epsilon_(epsilon),
      momentum_(momentum) {
  list.parameters.push_back({name + ".weight", scale_});
  list.parameters.push_back({name + ".bias", shift_});
  list.buffers.push_back({name + ".running_mean", mean_});
  list.buffers.push_back({name + ".running_var", variance_});
}

at::Tensor BatchNorm::operator()(const at::Tensor& x, bool training) const {
  return at::batch_norm(x, scale_, shift_, mean_, variance_, training, momentum_, epsilon_, true);
}

FullyConnected::FullyConnected(const std::string& name, int64_t inputs, int64_t outputs, TensorList& list,
                               uint64_t seed) {
  weight_ = at::empty({outputs, inputs}, at::kFloat);
  bias_ = at::empty({outputs}, at::kFloat);
  auto random = stream_of(seed, name);
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  for (auto* tensor : {&weight_, &bias_}) {
    auto* values = tensor->data_ptr<float>();
    for (int64_t i = 0; i < tensor->numel(); ++i)
      values[i] = static_cast<float>(random.uniform(-bound, bound));
  }
  list.parameters.push_back({name + ".weight", weight_});
  list.parameters.push_back({name + ".bias", bias_});
}

at::Tensor FullyConnected::operator()(const at::Tensor& x) const { return at::addmm(bias_, x, weight_.t()); }

at::Tensor global_average(const at::Tensor& x) { return x.mean({2, 3}).to(at::kFloat); }

void load_weights(const std::string& what, const std::string& path, const TensorList& list,
                  bool (*ignore)(const std::string&)) {
  auto target = list.parameters;
  target.insert(target.end(), list.buffers.begin(), list.buffers.end());
  load_named_tensors(what + " weights in " + path, target, read_checkpoint(path), nullptr, ignore);
}

}  // namespace kindred
