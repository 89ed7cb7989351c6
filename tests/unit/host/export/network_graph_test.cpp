#include "host/export/network_graph.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

at::Tensor computed(const std::shared_ptr<torch::jit::Graph>& graph, const at::Tensor& x) {
  torch::jit::GraphExecutor executor(graph->copy(), "network");
  torch::jit::Stack stack = {x};
  executor.run(stack);
  return stack.back().toTensor();
}

std::string refused(const Network& network, const at::Tensor& few, const at::Tensor& more) {
  try {
    recorded_graph(network, few, more);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

at::Tensor batch(int64_t size) { return at::arange(size * 12, at::kFloat).sin().view({size, 3, 4}); }

/// The size of the batch goes into views, an expanded token and a product.
at::Tensor with_sizes(const at::Tensor& x) {
  const auto token = at::ones({4}, at::kFloat);
  const auto tokens = at::cat({token.expand({x.size(0), 1, 4}), x}, 1);
  const auto rows = tokens.reshape({x.size(0) * 4, 4}) * 2;
  return rows.view({x.size(0), 4, 4}).mean(1);
}

TEST(NetworkGraph, computes_batches_of_every_size) {
  const auto graph = recorded_graph(with_sizes, batch(2), batch(3));
  for (const int64_t size : {1, 2, 5, 8}) {
    const auto x = batch(size);
    EXPECT_TRUE(at::allclose(computed(graph, x), with_sizes(x))) << size;
  }
}

TEST(NetworkGraph, holds_as_numbers_what_depends_on_weights_alone) {
  const auto weight = at::rand({5, 4}), scale = at::rand({5, 1});
  const auto graph = recorded_graph(
      [&](const at::Tensor& x) { return at::linear(x.mean(1), weight * scale.exp()); }, batch(2), batch(3));
  for (const auto* node : graph->nodes()) {
    const std::string name = node->kind().toQualString();
    EXPECT_TRUE(name != "aten::mul" && name != "aten::exp") << name;
  }
}

TEST(NetworkGraph, records_nothing_in_place) {
  const auto graph =
      recorded_graph([](const at::Tensor& x) { return x.sum(1).relu_().add_(1); }, batch(2), batch(3));
  for (const auto* node : graph->nodes()) EXPECT_NE(std::string(node->kind().toUnqualString()).back(), '_');
}

TEST(NetworkGraph, refuses_what_depends_on_the_batch_in_another_way) {
  EXPECT_THAT(refused([](const at::Tensor& x) { return x.mean(1) * (x.size(0) + 1); }, batch(2), batch(3)),
              HasSubstr("depends on the batch in another way"));
  EXPECT_THAT(
      refused([](const at::Tensor& x) { return x.size(0) > 2 ? x.mean(1) : x.sum(1); }, batch(2), batch(3)),
      HasSubstr("at aten::"));
}

TEST(NetworkGraph, refuses_a_network_that_computes_outside_of_libtorch) {
  const auto by_hand = [](const at::Tensor& x) {
    auto out = at::from_blob(x.data_ptr<float>(), {x.size(0), 12}, at::kFloat).clone();
    return out;
  };
  EXPECT_THAT(refused(by_hand, batch(2), batch(3)), HasSubstr("cannot be exported"));
  EXPECT_THAT(refused(
                  [](const at::Tensor&) {
                    return at::ones({1, 4});
                  },
                  batch(2), batch(3)),
              HasSubstr("does not depend"));
}

}  // namespace
}  // namespace kindred::host
