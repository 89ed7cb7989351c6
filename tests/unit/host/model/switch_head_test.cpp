#include "host/model/switch_head.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "component.hpp"

namespace kindred::host {
namespace {

HeadChain chain_of(std::initializer_list<std::shared_ptr<Head>> heads) {
  HeadChain chain;
  for (const auto& head : heads) chain.stages.push_back({"kindred.made", "core", head, false});
  return chain;
}

std::shared_ptr<Head> projection(int64_t in, int64_t out) {
  Site site;
  site.input_dimension = in;
  return testing::make<Head>("core", "kindred.projection", {{"dimension", out}}, site);
}

/// Columns 2 and 3 of 6 choose.
at::Tensor embeddings_of(const std::vector<int64_t>& choice) {
  auto x = at::randn({static_cast<int64_t>(choice.size()), 6});
  x.slice(1, 2, 4).zero_();
  for (size_t i = 0; i < choice.size(); ++i) x[static_cast<int64_t>(i)][2 + choice[i]] = 1;
  return x;
}

TEST(SwitchHead, each_sample_takes_the_head_of_its_choice) {
  at::manual_seed(3);
  const auto first = projection(4, 3), second = projection(4, 3);
  SwitchHead head(2, 6, 3, {chain_of({first}), chain_of({second})});
  const std::vector<int64_t> choice = {0, 1, 1, 0, 1};
  const auto x = embeddings_of(choice);
  const auto y = head.forward(x);
  const auto rest = at::cat({x.slice(1, 0, 2), x.slice(1, 4, 6)}, 1);
  EXPECT_TRUE(at::equal(head.rest(x), rest));
  for (int64_t i = 0; i < 5; ++i) {
    const auto& expected = choice[static_cast<size_t>(i)] == 0 ? first : second;
    EXPECT_TRUE(at::allclose(y[i], expected->forward(rest.slice(0, i, i + 1))[0])) << i;
  }
  EXPECT_EQ(head.forward(x.slice(0, 0, 0)).sizes(), at::IntArrayRef({0, 3}));
}

TEST(SwitchHead, gradients_reach_the_embeddings_and_only_the_heads_that_were_taken) {
  at::manual_seed(4);
  const auto first = projection(4, 3), second = projection(4, 3);
  SwitchHead head(2, 6, 3, {chain_of({first}), chain_of({second})});
  for (auto& one : head.parameters()) const_cast<at::Tensor&>(one.tensor).requires_grad_(true);
  auto x = embeddings_of({1, 1, 1}).requires_grad_(true);
  head.forward(x).square().sum().backward();
  EXPECT_GT(x.grad().abs().sum().item<double>(), 0);
  EXPECT_FALSE(first->parameters().front().tensor.grad().defined());
  EXPECT_TRUE(second->parameters().front().tensor.grad().defined());
  EXPECT_EQ(head.parameters().front().name.substr(0, 4), "0.0.");
}

TEST(SwitchHead, heads_are_fitted_on_the_samples_that_take_them) {
  at::manual_seed(5);
  Site site;
  site.input_dimension = 4;
  const auto whitening = [&] {
    return testing::make<Head>("core", "kindred.whitening", nlohmann::json::object(), site);
  };
  const auto first = whitening(), alone = whitening();
  SwitchHead head(2, 6, 4, {chain_of({first}), chain_of({})});
  EXPECT_TRUE(head.needs_fit());
  std::vector<int64_t> choice;
  for (int64_t i = 0; i < 60; ++i) choice.push_back(i % 3 == 0 ? 1 : 0);
  const auto x = embeddings_of(choice);
  const auto labels = at::arange(60, at::kLong).remainder(5);
  head.fit(x, labels);
  const auto taken = at::tensor(choice, at::kLong).eq(0).nonzero().squeeze(1);
  alone->fit(head.rest(x).index_select(0, taken), labels.index_select(0, taken));
  const auto y = head.forward(x);
  EXPECT_TRUE(at::allclose(y.index_select(0, taken), alone->forward(head.rest(x).index_select(0, taken))));
  EXPECT_TRUE(at::equal(y[0], head.rest(x)[0])) << "the other branch has no head";
}

}  // namespace
}  // namespace kindred::host
