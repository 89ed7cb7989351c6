#include "host/export/onnx/onnx_model.hpp"

#include <ATen/ATen.h>

#include "host/base/size_text.hpp"
#include "host/export/onnx/wire_message.hpp"
#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

// Numbers of fields and of types, as onnx.proto has them.
namespace field {
constexpr uint32_t kModelIrVersion = 1, kModelProducer = 2, kModelProducerVersion = 3, kModelGraph = 7,
                   kModelOpset = 8, kModelMetadata = 14;
constexpr uint32_t kOpsetVersion = 2;
constexpr uint32_t kEntryKey = 1, kEntryValue = 2;
constexpr uint32_t kGraphNode = 1, kGraphName = 2, kGraphTensor = 5, kGraphInput = 11, kGraphOutput = 12;
constexpr uint32_t kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kNodeType = 4, kNodeAttribute = 5;
constexpr uint32_t kAttributeName = 1, kAttributeFloat = 2, kAttributeInt = 3, kAttributeInts = 8,
                   kAttributeType = 20;
constexpr uint32_t kTensorSize = 1, kTensorType = 2, kTensorName = 8, kTensorBytes = 9;
constexpr uint32_t kPortName = 1, kPortType = 2, kTypeTensor = 1, kTensorTypeElement = 1,
                   kTensorTypeShape = 2;
constexpr uint32_t kShapeDimension = 1, kDimensionValue = 1, kDimensionName = 2;
}  // namespace field

enum AttributeType { kFloatAttribute = 1, kIntAttribute = 2, kIntsAttribute = 7 };

constexpr int64_t kIrVersion = 8;                   // of onnx 1.12, which has opset 17
constexpr uintmax_t kMostBytes = (1ULL << 31) - 1;  // of a message

int64_t element_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return 1;
    case at::kByte:
      return 2;
    case at::kLong:
      return 7;
    case at::kBool:
      return 9;
    default:
      throw Error(std::string("numbers of the type ") + c10::toString(type) +
                  " are not written to ONNX files");
  }
}

WireMessage attribute_message(const OnnxAttribute& attribute) {
  WireMessage out;
  out.bytes(field::kAttributeName, attribute.name);
  if (const auto* number = std::get_if<int64_t>(&attribute.value)) {
    out.integer(field::kAttributeInt, *number).integer(field::kAttributeType, kIntAttribute);
  } else if (const auto* real = std::get_if<double>(&attribute.value)) {
    out.float32(field::kAttributeFloat, *real).integer(field::kAttributeType, kFloatAttribute);
  } else {
    for (const auto one : std::get<std::vector<int64_t>>(attribute.value))
      out.integer(field::kAttributeInts, one);
    out.integer(field::kAttributeType, kIntsAttribute);
  }
  return out;
}

WireMessage node_message(const OnnxNode& node) {
  WireMessage out;
  for (const auto& one : node.inputs) out.bytes(field::kNodeInput, one);
  for (const auto& one : node.outputs) out.bytes(field::kNodeOutput, one);
  out.bytes(field::kNodeName, node.outputs.front()).bytes(field::kNodeType, node.type);
  for (const auto& one : node.attributes) out.message(field::kNodeAttribute, attribute_message(one));
  return out;
}

/// Bytes are those of this machine, which are little-endian as the format wants them.
WireMessage tensor_message(const OnnxTensor& tensor) {
  const auto values = tensor.values.contiguous();
  WireMessage out;
  for (const auto size : values.sizes()) out.integer(field::kTensorSize, size);
  out.integer(field::kTensorType, element_type(values.scalar_type())).bytes(field::kTensorName, tensor.name);
  out.bytes(field::kTensorBytes, {static_cast<const char*>(values.data_ptr()), values.nbytes()});
  return out;
}

WireMessage port_message(const OnnxPort& port) {
  WireMessage shape;
  for (size_t i = 0; i < port.sizes.size(); ++i) {
    WireMessage size;
    if (i == 0)
      size.bytes(field::kDimensionName, "batch");
    else
      size.integer(field::kDimensionValue, port.sizes[i]);
    shape.message(field::kShapeDimension, size);
  }
  WireMessage tensor, type, out;
  tensor.integer(field::kTensorTypeElement, element_type(port.type)).message(field::kTensorTypeShape, shape);
  type.message(field::kTypeTensor, tensor);
  return out.bytes(field::kPortName, port.name).message(field::kPortType, type);
}

void check_size(const char* what, uintmax_t bytes) {
  if (bytes <= kMostBytes) return;
  throw Error(std::string("the network's ") + what + " take " + size_text(bytes) +
              ", and an ONNX file holds less than 2 GiB; export it to torchscript");
}

uintmax_t size_of_tensors(const OnnxModel& model) {
  uintmax_t bytes = 0;
  for (const auto& one : model.tensors) bytes += one.values.nbytes();
  return bytes;
}

}  // namespace

std::string onnx_bytes(const OnnxModel& model) {
  check_size("tensors", size_of_tensors(model));  // before they are copied
  WireMessage graph;
  for (const auto& one : model.nodes) graph.message(field::kGraphNode, node_message(one));
  graph.bytes(field::kGraphName, "embedding");
  for (const auto& one : model.tensors) graph.message(field::kGraphTensor, tensor_message(one));
  graph.message(field::kGraphInput, port_message(model.input));
  graph.message(field::kGraphOutput, port_message(model.output));
  WireMessage opset, out;
  opset.integer(field::kOpsetVersion, OnnxModel::kOpset);
  out.integer(field::kModelIrVersion, kIrVersion).bytes(field::kModelProducer, "Kindred");
  out.bytes(field::kModelProducerVersion, KINDRED_SDK_VERSION).message(field::kModelGraph, graph);
  out.message(field::kModelOpset, opset);
  for (const auto& [key, value] : model.metadata) {
    WireMessage entry;
    out.message(field::kModelMetadata, entry.bytes(field::kEntryKey, key).bytes(field::kEntryValue, value));
  }
  check_size("operators and tensors", out.bytes().size());
  return out.bytes();
}

}  // namespace kindred::host
