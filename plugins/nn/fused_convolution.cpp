#include "nn/fused_convolution.hpp"

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <algorithm>
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

class FusedConvolution final : public InferenceConvolution {
 public:
  /// `weight` begins with zeros where `padding` needs it.
  FusedConvolution(const at::Tensor& weight, at::Tensor bias, const FixedShape& shape)
      : InferenceConvolution(weight.scalar_type()),
        bias_(std::move(bias)),
        shape_(shape),
        padding_(list_of(shape.after)) {
    Stack stack{weight.contiguous(at::MemoryFormat::ChannelsLast),
                padding_,
                std::vector<int64_t>{shape.stride, shape.stride},
                std::vector<int64_t>{1, 1},
                shape.groups,
                c10::IValue()};
    operators().pack->callBoxed(&stack);
    packed_ = stack.front().toTensor();
  }

  at::Tensor run(const at::Tensor& x, const at::Tensor& other, Activation activation) const override {
    if (other.defined()) return added_to(other, x, activation);
    Stack stack{x};
    append(stack, constants());
    append(stack, {name_of(activation), scalars_of(activation), c10::IValue()});
    operators().convolve->callBoxed(&stack);
    return stack.front().toTensor();
  }

 private:
  at::Tensor added_to(const at::Tensor& other, const at::Tensor& x, Activation activation) const {
    const bool activates = activation != Activation::none;
    Stack stack{x, other};
    append(stack, constants());
    append(stack, {"add", c10::IValue(), activates ? c10::IValue(name_of(activation)) : c10::IValue(),
                   scalars_of(activation), c10::IValue()});
    operators().add->callBoxed(&stack);
    return stack.front().toTensor();
  }

  /// What the operators are given after their maps.
  std::vector<c10::IValue> constants() const {
    return {packed_,
            bias_,
            padding_,
            std::vector<int64_t>{shape_.stride, shape_.stride},
            std::vector<int64_t>{1, 1},
            shape_.groups};
  }

  at::Tensor packed_, bias_;
  const FixedShape shape_;
  const std::vector<int64_t> padding_;
};

}  // namespace

std::shared_ptr<const InferenceConvolution> make_fused_convolution(const FinalConvolution& layer) {
  const auto& [weight, bias, shape] = layer;
  const auto& known = operators();
  if (!known.pack || !known.convolve || !known.add || !at::globalContext().userEnabledMkldnn())
    return nullptr;
  std::array<int64_t, 2> zeros{};
  for (size_t i = 0; i < 2; ++i) {
    zeros[i] = shape.after[i] - shape.before[i];
    if (zeros[i] < 0 || zeros[i] >= std::max<int64_t>(shape.stride, 1)) return nullptr;
  }
  try {
    return std::make_shared<FusedConvolution>(with_leading_zeros(weight, zeros), bias, shape);
  } catch (const std::exception&) {
    return nullptr;  // this LibTorch cannot
  }
}

}  // namespace kindred::nn
