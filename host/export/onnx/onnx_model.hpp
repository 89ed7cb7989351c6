#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::host {

/// The parts of an ONNX model (https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto) that exported
/// networks need.
struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, double, std::vector<int64_t>> value;  ///< a double is stored as float32
};

struct OnnxNode {
  std::string type;
  std::vector<std::string> inputs, outputs;  ///< an input "" is left out
  std::vector<OnnxAttribute> attributes{};
};

struct OnnxTensor {
  std::string name;
  at::Tensor values;  ///< on the CPU: float32, int64, uint8 or bool
};

/// The input or the output of a model. The first of the sizes is the batch, which is left open.
struct OnnxPort {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> sizes;
};

struct OnnxModel {
  static constexpr int64_t kOpset = 17;  ///< of the operators, which have the meaning of that version

  OnnxPort input, output;
  std::vector<OnnxNode> nodes;  ///< each behind those whose outputs it takes
  std::vector<OnnxTensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< keys and values
};

/// The file's bytes. Throws Error for what a file cannot hold: 2 GiB and more, and numbers of other types.
std::string onnx_bytes(const OnnxModel& model);

}  // namespace kindred::host
