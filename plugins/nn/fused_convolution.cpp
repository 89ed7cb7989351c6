#include "nn/fused_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/stack.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace kindred::nn {
namespace {

using Stack = torch::jit::Stack;
using Operator = c10::OperatorHandle;

/// LibTorch names them without declaring them in a header.
struct Operators {
  c10::optional<Operator> pack, convolve, add;
};

const Operators& operators() {
  static const Operators found = [] {
    const auto schema = [](const char* name, const char* overload) {
      return c10::Dispatcher::singleton().findSchema({name, overload});
    };
    return Operators{schema("mkldnn::_reorder_convolution_weight", ""),
                     schema("mkldnn::_convolution_pointwise", ""),
                     schema("mkldnn::_convolution_pointwise", "binary")};
  }();
  return found;
}

/// Of the largest number of a map: sums are rounded in another order.
const std::map<at::ScalarType, double> kTolerance = {{at::kFloat, 1e-5}, {at::kBFloat16, 2e-2}};

using Scalars = c10::List<c10::optional<at::Scalar>>;

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::relu6:
      return "hardtanh";
    default:
      return "none";
  }
}

Scalars scalars_of(Activation activation) {
  Scalars scalars;
  if (activation == Activation::relu6) {
    scalars.push_back(at::Scalar(0.0));
    scalars.push_back(at::Scalar(6.0));
  }
  return scalars;
}

std::vector<int64_t> list_of(const std::array<int64_t, 2>& values) { return {values.begin(), values.end()}; }

void append(Stack& stack, const std::vector<c10::IValue>& values) {
  stack.insert(stack.end(), values.begin(), values.end());
}

/// The operators pad both sides alike. A kernel that begins with zeros needs as many more above, and gives
/// the same.
at::Tensor with_leading_zeros(const at::Tensor& weight, const std::array<int64_t, 2>& rows) {
  return at::constant_pad_nd(weight, {rows[1], 0, rows[0], 0});
}

}  // namespace

FusedConvolution::FusedConvolution(const at::Tensor& weight, const at::Tensor& bias, const FusedShape& shape)
    : dtype_(weight.scalar_type()), shape_(shape) {
  const auto& known = operators();
  const bool is_known = known.pack && known.convolve && known.add && at::globalContext().userEnabledMkldnn();
  const bool has_dtype = dtype_ == at::kFloat || dtype_ == at::kBFloat16;
  if (!is_known || !has_dtype || !weight.device().is_cpu()) return;
  std::array<int64_t, 2> zeros{};
  for (size_t i = 0; i < 2; ++i) {
    zeros[i] = shape.after[i] - shape.before[i];
    if (zeros[i] < 0 || zeros[i] >= std::max<int64_t>(shape.stride, 1)) return;
    padding_[i] = shape.after[i];
  }
  at::NoGradGuard no_grad;
  try {
    const auto full = with_leading_zeros(weight, zeros).contiguous(at::MemoryFormat::ChannelsLast);
    Stack stack{full,
                list_of(padding_),
                std::vector<int64_t>{shape.stride, shape.stride},
                std::vector<int64_t>{1, 1},
                shape.groups,
                c10::IValue()};
    known.pack->callBoxed(&stack);
    packed_ = stack.front().toTensor();
    bias_ = bias;
    if (!equals_convolution(weight)) packed_ = at::Tensor();
  } catch (const std::exception&) {
    packed_ = at::Tensor();  // this LibTorch cannot; whoever asks is_ready() goes another way
  }
}

bool FusedConvolution::equals_convolution(const at::Tensor& weight) const {
  const int64_t side = 4 * shape_.stride, inputs = weight.size(1) * shape_.groups;
  const auto x = at::arange(inputs * side * side, at::kFloat).mul_(0.7F).sin_().view({1, inputs, side, side});
  const auto map = x.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
  const auto padded =
      at::constant_pad_nd(map, {shape_.before[1], shape_.after[1], shape_.before[0], shape_.after[0]});
  const std::array<int64_t, 2> stride = {shape_.stride, shape_.stride}, none = {0, 0}, dilation = {1, 1};
  const auto expected =
      at::conv2d(padded, weight, bias_, stride, none, dilation, shape_.groups).relu_().to(at::kFloat);
  const auto found = (*this)(map, Activation::relu).to(at::kFloat);
  const double largest = expected.abs().max().item<double>();
  return found.sizes() == expected.sizes() &&
         (found - expected).abs().max().item<double>() <= kTolerance.at(dtype_) * std::max(largest, 1e-6);
}

bool FusedConvolution::takes(const at::Tensor& x) const {
  return is_ready() && x.device().is_cpu() && x.scalar_type() == dtype_ && !at::GradMode::is_enabled() &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool FusedConvolution::can_do(Activation activation) {
  return activation == Activation::none || activation == Activation::relu || activation == Activation::relu6;
}

std::vector<c10::IValue> FusedConvolution::constants() const {
  return {packed_,
          bias_,
          list_of(padding_),
          std::vector<int64_t>{shape_.stride, shape_.stride},
          std::vector<int64_t>{1, 1},
          shape_.groups};
}

at::Tensor FusedConvolution::operator()(const at::Tensor& x, Activation activation) const {
  Stack stack{x};
  append(stack, constants());
  append(stack, {name_of(activation), scalars_of(activation), c10::IValue()});
  operators().convolve->callBoxed(&stack);
  return stack.front().toTensor();
}

at::Tensor FusedConvolution::added_to(const at::Tensor& other, const at::Tensor& x,
                                      Activation activation) const {
  const bool activates = activation != Activation::none;
  Stack stack{x, other};
  append(stack, constants());
  append(stack, {"add", c10::IValue(), activates ? c10::IValue(name_of(activation)) : c10::IValue(),
                 scalars_of(activation), c10::IValue()});
  operators().add->callBoxed(&stack);
  return stack.front().toTensor();
}

}  // namespace kindred::nn
