#include "host/export/onnx/onnx_model.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/export/network_graph.hpp"
#include "host/export/onnx/onnx_graph.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::AllOf;
using ::testing::HasSubstr;

OnnxModel small_model() {
  OnnxModel model;
  model.input = {"vectors", at::kFloat, {2, 4}};
  model.output = {"embedding", at::kFloat, {2, 3}};
  return model;
}

std::string refused(const Network& network) {
  try {
    auto model = small_model();
    convert_to_onnx(*recorded_graph(network, at::rand({2, 4}), at::rand({3, 4})), model);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// What onnx.proto of ONNX 1.12 makes of this model with the Python package onnx (helper.make_model), field by
// field, but for the version of the producer.
TEST(OnnxModel, begins_with_its_version_and_producer) {
  const auto bytes = onnx_bytes(small_model());
  const std::string begin = {0x08, 0x08, 0x12, 0x07, 'K', 'i', 'n', 'd', 'r', 'e', 'd'};
  EXPECT_EQ(bytes.substr(0, begin.size()), begin);
  // The opset 17 of the domain without a name stands behind the graph.
  EXPECT_EQ(bytes.substr(bytes.size() - 4), std::string({0x42, 0x02, 0x10, 0x11}));
}

TEST(OnnxModel, leaves_the_batch_open) {
  const auto bytes = onnx_bytes(small_model());
  const std::string shape = {0x0a, 0x07, 0x12, 0x05, 'b', 'a', 't', 'c', 'h', 0x0a, 0x02, 0x08, 0x04};
  EXPECT_THAT(bytes, HasSubstr(shape));
}

TEST(OnnxModel, holds_a_tensor_as_bytes) {
  auto model = small_model();
  model.tensors.push_back({"w", at::tensor({1.0F, 2.0F})});
  const std::string tensor = {0x08, 0x02, 0x10,   0x01, 0x42, 0x01, 'w',  0x4a, 0x08,
                              0x00, 0x00, '\x80', 0x3f, 0x00, 0x00, 0x00, 0x40};
  EXPECT_THAT(onnx_bytes(model), HasSubstr(tensor));
}

TEST(OnnxModel, refuses_what_a_file_cannot_hold) {
  auto model = small_model();
  model.tensors.push_back({"w", at::zeros({1}, at::kFloat).expand({1LL << 30})});
  try {
    onnx_bytes(model);
    FAIL() << "4 GiB were written";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("4.0 GiB"), HasSubstr("torchscript")));
  }
  model.tensors = {{"w", at::zeros({1}, at::kHalf)}};
  EXPECT_THROW(onnx_bytes(model), Error);
}

TEST(OnnxGraph, names_an_operator_that_it_does_not_know) {
  EXPECT_THAT(refused([](const at::Tensor& x) { return x.cumsum(1); }),
              AllOf(HasSubstr("aten::cumsum"), HasSubstr("torchscript")));
  EXPECT_THAT(refused([](const at::Tensor& x) { return at::div(x, x + 2, "floor"); }),
              AllOf(HasSubstr("aten::div"), HasSubstr("rounding")));
  EXPECT_THAT(refused([](const at::Tensor& x) { return x.to(at::kDouble); }), HasSubstr("float32"));
}

}  // namespace
}  // namespace kindred::host
