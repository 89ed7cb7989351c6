#include "host/contracts/contracts.hpp"

#include <ATen/ATen.h>

#include <utility>

namespace kindred::host {

std::string shape_text(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  std::string text = "(";
  for (auto size : tensor.sizes()) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

std::string tensor_text(const at::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  static const std::pair<at::ScalarType, const char*> names[] = {
      {at::kByte, "uint8"},   {at::kLong, "int64"},    {at::kInt, "int32"},      {at::kBool, "bool"},
      {at::kHalf, "float16"}, {at::kFloat, "float32"}, {at::kDouble, "float64"}, {at::kBFloat16, "bfloat16"}};
  std::string dtype = c10::toString(tensor.scalar_type());
  for (const auto& [type, name] : names) {
    if (type == tensor.scalar_type()) dtype = name;
  }
  return dtype + " " + shape_text(tensor) + " on " + tensor.device().str();
}

}  // namespace kindred::host
