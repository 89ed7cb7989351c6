#include "host/model/head_chain.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace kindred::host {
namespace {

/// Adds one to each number and drops the last; is fitted or trained, as asked for.
struct Narrows final : Head {
  enum Kind { plain, fitted, trained };
  Narrows(Kind the_kind, int64_t the_input) : kind(the_kind), input(the_input) {}
  int64_t output_dimension() const override { return input - 1; }
  at::Tensor forward(const at::Tensor& x) override { return x.slice(1, 0, input - 1) + 1; }
  bool needs_fit() const override { return kind == fitted; }
  void fit(const at::Tensor& x, const at::Tensor&) override {
    ++fits;
    seen = x;
  }
  std::vector<NamedTensor> parameters() override {
    if (kind != trained) return {};
    return {{"weight", weight}};
  }
  Kind kind;
  int64_t input;
  int fits = 0;
  at::Tensor seen, weight = at::ones({1});
};

/// Heads of these kinds for embeddings of 8 numbers.
HeadChain chain_of(const std::vector<Narrows::Kind>& kinds) {
  HeadChain chain;
  for (const auto kind : kinds) {
    const auto input = 8 - static_cast<int64_t>(chain.stages.size());
    chain.stages.push_back({"narrows", "test", std::make_shared<Narrows>(kind, input)});
  }
  chain.note_bypassed();
  return chain;
}

const Narrows& head(const HeadChain& chain, size_t place) {
  return static_cast<const Narrows&>(*chain.stages[place].head);
}

TEST(HeadChain, passes_by_what_stands_behind_a_head_that_is_not_fitted) {
  auto chain = chain_of({Narrows::plain, Narrows::fitted, Narrows::plain});
  const auto x = at::zeros({3, 8});
  EXPECT_EQ(chain.count_to_last_trained(), 0U);
  EXPECT_EQ(chain.present_dimension(8), 7);
  EXPECT_TRUE(at::equal(chain.apply(x), at::ones({3, 7})));
  chain.fit(x, at::zeros({3}, at::kLong));
  EXPECT_FALSE(chain.needs_fit());
  EXPECT_EQ(chain.present_dimension(8), 5);
  EXPECT_TRUE(at::equal(chain.apply(x), at::full({3, 5}, 3.0F)));
}

TEST(HeadChain, is_fitted_in_two_parts_around_what_is_trained) {
  auto chain = chain_of({Narrows::fitted, Narrows::trained, Narrows::plain, Narrows::fitted, Narrows::plain});
  const auto x = at::zeros({3, 8}), labels = at::zeros({3}, at::kLong);
  ASSERT_EQ(chain.count_to_last_trained(), 2U);
  chain.fit(x, labels, 2);
  EXPECT_EQ(head(chain, 0).fits, 1);
  EXPECT_EQ(head(chain, 3).fits, 0);
  EXPECT_FALSE(chain.needs_fit(2));
  EXPECT_TRUE(chain.needs_fit());
  EXPECT_TRUE(at::equal(chain.apply(x), at::full({3, 5}, 3.0F))) << "up to the one that still waits";
  chain.fit(x + 1, labels);
  EXPECT_EQ(head(chain, 0).fits, 1) << "stays as it is";
  EXPECT_TRUE(at::equal(head(chain, 3).seen, at::full({3, 5}, 4.0F)));
  EXPECT_TRUE(at::equal(chain.apply(x), at::full({3, 3}, 5.0F)));
}

}  // namespace
}  // namespace kindred::host
