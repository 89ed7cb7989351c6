#include "host/export/onnx/operator_call.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/csrc/jit/ir/ir.h>

#include "kindred/error.hpp"

namespace kindred::host {
namespace jit = torch::jit;

std::string OnnxBuilder::tensor(const at::Tensor& values) {
  auto stored = values.detach().cpu();
  // Numbers of a program are doubles, which do not make a tensor of floats one of doubles.
  if (stored.scalar_type() == at::kDouble) stored = stored.to(at::kFloat);
  if (stored.scalar_type() == at::kInt) stored = stored.to(at::kLong);
  model_.tensors.push_back({new_name("tensor"), stored.contiguous()});
  return model_.tensors.back().name;
}

std::string OnnxBuilder::integers(const std::vector<int64_t>& values) {
  return tensor(at::tensor(values, at::kLong));
}

std::string OnnxBuilder::number(double value) { return tensor(at::scalar_tensor(value, at::kFloat)); }

std::vector<std::string> OnnxBuilder::nodes(const std::string& type, const std::vector<std::string>& inputs,
                                            size_t outputs, const std::vector<OnnxAttribute>& attributes) {
  std::vector<std::string> names;
  for (size_t i = 0; i < outputs; ++i) names.push_back(new_name(type));
  model_.nodes.push_back({type, inputs, names, attributes});
  return names;
}

std::string OnnxBuilder::node(const std::string& type, const std::vector<std::string>& inputs,
                              const std::vector<OnnxAttribute>& attributes) {
  return nodes(type, inputs, 1, attributes).front();
}

std::string OnnxBuilder::batch_size(int64_t factor) {
  if (batch_.empty()) {
    const auto sizes = node("Shape", {model_.input.name});
    batch_ = node("Slice", {sizes, integers({0}), integers({1}), integers({0})});
  }
  return factor == 1 ? batch_ : node("Mul", {batch_, integers({factor})});
}

namespace {

c10::TensorTypePtr tensor_type(const jit::Value& value) { return value.type()->cast<c10::TensorType>(); }

}  // namespace

std::string OperatorCall::name() const { return node_.kind().toQualString(); }

void OperatorCall::refuse(const std::string& why) const {
  const auto scope = node_.scopeName();
  throw Error(fmt::format("{} computes {} {}, which is not written to ONNX; export it to torchscript",
                          scope.empty() ? "the network" : scope, name(), why));
}

size_t OperatorCall::count() const { return node_.inputs().size(); }

bool OperatorCall::has(size_t place) const { return place < count() && !node_.input(place)->mustBeNone(); }

std::string OperatorCall::tensor(size_t place) {
  const auto* value = node_.input(place);
  const auto known = values_.names.find(value);
  if (known != values_.names.end()) return known->second.front();
  const auto constant = jit::toIValue(value);
  std::string name;
  if (constant && constant->isTensor())
    name = out.tensor(constant->toTensor());
  else if (constant && (constant->isDouble() || constant->isInt() || constant->isBool()))
    name = out.number(constant->toScalar().toDouble());
  else
    refuse(fmt::format("with an argument {} that is no tensor", place));
  values_.names[value] = {name};
  return name;
}

std::vector<std::string> OperatorCall::tensors(size_t place) {
  const auto* value = node_.input(place);
  const auto known = values_.names.find(value);
  if (known != values_.names.end()) return known->second;
  if (value->node()->kind() != c10::prim::ListConstruct)
    refuse(fmt::format("with an argument {} that is no list of tensors", place));
  OperatorCall list(*value->node(), values_, out);
  std::vector<std::string> names;
  for (size_t i = 0; i < list.count(); ++i) names.push_back(list.tensor(i));
  return names;
}

std::optional<at::Tensor> OperatorCall::constant(size_t place) const {
  const auto value = jit::toIValue(node_.input(place));
  return value && value->isTensor() ? std::optional<at::Tensor>(value->toTensor()) : std::nullopt;
}

int64_t OperatorCall::integer(size_t place) const {
  const auto value = jit::toIValue(node_.input(place));
  if (!value || !value->isInt()) refuse(fmt::format("with an argument {} that is no fixed integer", place));
  return value->toInt();
}

double OperatorCall::number(size_t place) const {
  const auto value = jit::toIValue(node_.input(place));
  if (!value || !(value->isDouble() || value->isInt() || value->isTensor()))
    refuse(fmt::format("with an argument {} that is no fixed number", place));
  return value->isTensor() ? value->toTensor().item<double>() : value->toScalar().toDouble();
}

bool OperatorCall::flag(size_t place) const {
  const auto value = jit::toIValue(node_.input(place));
  if (!value || !value->isBool())
    refuse(fmt::format("with an argument {} that is neither true nor false", place));
  return value->toBool();
}

std::string OperatorCall::text(size_t place) const {
  const auto value = jit::toIValue(node_.input(place));
  if (!value || !value->isString()) refuse(fmt::format("with an argument {} that is no text", place));
  return value->toStringRef();
}

std::vector<OnnxSize> OperatorCall::sizes(size_t place) const {
  const auto* list = node_.input(place);
  std::vector<OnnxSize> all;
  if (const auto value = jit::toIValue(list); value && value->isIntList()) {
    for (const int64_t one : value->toIntVector()) all.push_back({one});
    return all;
  }
  if (list->node()->kind() != c10::prim::ListConstruct) refuse("with sizes that it computes");
  for (const auto* one : list->node()->inputs()) {
    const auto value = jit::toIValue(one);
    const auto factor = values_.batch_factors.find(one);
    if (value && value->isInt())
      all.push_back({value->toInt()});
    else if (factor != values_.batch_factors.end())
      all.push_back({factor->second, true});
    else
      refuse("with a size that it computes");
  }
  return all;
}

std::vector<int64_t> OperatorCall::integers(size_t place) const {
  if (const auto value = jit::toIValue(node_.input(place)); value && value->isInt()) return {value->toInt()};
  std::vector<int64_t> all;
  for (const auto& one : sizes(place)) {
    if (one.of_batch) refuse("with the size of the batch where a fixed number is needed");
    all.push_back(one.number);
  }
  return all;
}

std::vector<int64_t> OperatorCall::shape(size_t place) const {
  const auto type = tensor_type(*node_.input(place));
  if (!type || !type->sizes().concrete_sizes()) refuse("with a tensor of sizes that were not recorded");
  return *type->sizes().concrete_sizes();
}

std::vector<int64_t> OperatorCall::shape() const {
  const auto type = tensor_type(*node_.output());
  if (!type || !type->sizes().concrete_sizes()) refuse("with a result of sizes that were not recorded");
  return *type->sizes().concrete_sizes();
}

at::ScalarType OperatorCall::type(size_t place) const {
  const auto type = tensor_type(*node_.input(place));
  if (!type || !type->scalarType()) refuse("with numbers whose type was not recorded");
  return *type->scalarType();
}

at::ScalarType OperatorCall::type() const {
  const auto type = tensor_type(*node_.output());
  if (!type || !type->scalarType()) refuse("with a result whose type was not recorded");
  return *type->scalarType();
}

size_t OperatorCall::outputs_of_list() const {
  const auto& uses = node_.output()->uses();
  if (uses.size() != 1 || uses.front().user->kind() != c10::prim::ListUnpack)
    refuse("whose result stays a list");
  return uses.front().user->outputs().size();
}

int64_t OperatorCall::dimension(size_t place, int64_t rank) const {
  const auto given = integer(place);
  return given < 0 ? given + rank : given;
}

std::string OperatorCall::size_tensor(const std::vector<OnnxSize>& sizes) {
  std::vector<std::string> parts;
  std::vector<int64_t> fixed;
  const auto end_fixed = [&] {
    if (!fixed.empty()) parts.push_back(out.integers(fixed));
    fixed.clear();
  };
  for (const auto& one : sizes) {
    if (!one.of_batch) {
      fixed.push_back(one.number);
      continue;
    }
    end_fixed();
    parts.push_back(out.batch_size(one.number));
  }
  end_fixed();
  return parts.size() == 1 ? parts.front() : out.node("Concat", parts, {{"axis", int64_t{0}}});
}

}  // namespace kindred::host
