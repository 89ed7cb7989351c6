#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>

#include "scored_pairs.hpp"
#include "sine_fixture.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using testing::cosine;
using testing::dot;
using testing::example_pairs;
using testing::golden_pairs;
using testing::Pairs;
using testing::Row;
using testing::scored_loss;
using testing::value_of;

bool similar(const Pairs& pairs, int64_t x, int64_t y) {
  if (x == y) return true;
  for (size_t k = 0; k < pairs.size(); ++k) {
    const auto a = pairs.a_objects[k], b = pairs.b_objects[k];
    if (pairs.scores[k] >= 0.5 && ((a == x && b == y) || (a == y && b == x))) return true;
  }
  return false;
}

double ranking_by_loops(const Pairs& pairs, double scale,
                        const std::function<double(const Row&, const Row&)>& s, bool symmetric) {
  double forward = 0, back = 0, anchors = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (pairs.scores[i] < 0.5) continue;
    double seconds = 0, firsts = 0;
    for (size_t j = 0; j < pairs.size(); ++j) {
      if (j == i || !similar(pairs, pairs.a_objects[i], pairs.b_objects[j]))
        seconds += std::exp(scale * s(pairs.a[i], pairs.b[j]));
      if (j == i || (pairs.scores[j] >= 0.5 && !similar(pairs, pairs.a_objects[j], pairs.b_objects[i])))
        firsts += std::exp(scale * s(pairs.a[j], pairs.b[i]));
    }
    const double own = scale * s(pairs.a[i], pairs.b[i]);
    forward += std::log(seconds) - own;
    back += std::log(firsts) - own;
    ++anchors;
  }
  return (symmetric ? (forward + back) / 2 : forward) / anchors;
}

TEST(MultipleNegativesRankingLoss, equals_the_sums_over_pairs) {
  for (const uint64_t seed : {1, 2}) {
    const auto pairs = example_pairs(seed);
    for (const bool symmetric : {false, true}) {
      EXPECT_NEAR(value_of("kindred.multiple_negatives_ranking", {{"symmetric", symmetric}}, pairs),
                  ranking_by_loops(pairs, 20, cosine, symmetric), 1e-10);
      EXPECT_NEAR(value_of("kindred.multiple_negatives_ranking",
                           {{"symmetric", symmetric}, {"distance", "dot"}, {"scale", 1.0}}, pairs),
                  ranking_by_loops(pairs, 1, dot, symmetric), 1e-10);
    }
  }
}

// Quaterion's cosines go from 0 to 1, so that its scale of 20 is 10 here.
TEST(MultipleNegativesRankingLoss, has_the_values_of_others) {
  const auto pairs = golden_pairs({1, 1, 1, 1});
  EXPECT_NEAR(value_of("kindred.multiple_negatives_ranking", json::object(), pairs), 4.732959, 5e-7);
  EXPECT_NEAR(value_of("kindred.multiple_negatives_ranking", {{"scale", 10.0}}, pairs), 2.415775, 5e-7);
  EXPECT_NEAR(value_of("kindred.multiple_negatives_ranking", {{"scale", 10.0}, {"symmetric", true}}, pairs),
              2.375449, 5e-7);
  for (const auto& [symmetric, wanted, norm] :
       {std::tuple{false, 0.01410109, 0.03612499}, {true, 0.01894326, 0.18635865}}) {
    auto x = testing::sine_embeddings();
    auto y = x.clone();
    for (int64_t i = 0; i < 9; ++i) {
      for (int64_t j = 0; j < 4; ++j) y[i][j] += 0.1 * std::cos(static_cast<double>(i + 2 * j));
    }
    x.requires_grad_(true);
    const auto rows = at::arange(9, at::kLong);
    const auto out = scored_loss("kindred.multiple_negatives_ranking", {{"symmetric", symmetric}})
                         ->forward_scored({x, y, at::ones({9}, at::kDouble), rows * 0, rows, rows + 9});
    out.backward();
    EXPECT_NEAR(out.item<double>(), wanted, 2e-8);
    EXPECT_NEAR(x.grad().norm().item<double>(), norm, 2e-8);
  }
}

TEST(MultipleNegativesRankingLoss, what_is_similar_to_an_anchor_is_no_negative_of_it) {
  const Row u = {1, 0}, v = {0.8, 0.6}, w = {0, 1};
  const auto of = [&](std::vector<double> scores, std::vector<int64_t> a, std::vector<int64_t> b) {
    const Pairs pairs = {{u, v}, {v, w}, std::move(scores), {0, 1}, std::move(a), std::move(b)};
    return value_of("kindred.multiple_negatives_ranking", {{"scale", 2.0}}, pairs);
  };
  EXPECT_GT(of({1, 1}, {0, 1}, {2, 3}), 0.1) << "four objects";
  EXPECT_NEAR(of({1, 1}, {0, 1}, {2, 2}), 0, 1e-12) << "one second object of both";
  EXPECT_NEAR(of({1, 1}, {0, 0}, {2, 3}), 0, 1e-12) << "two second objects of one first";
  EXPECT_NEAR(of({1, 1}, {0, 1}, {1, 0}), 0, 1e-12) << "the same pair, turned round";
  EXPECT_NEAR(of({1, 0}, {0, 0}, {2, 3}), std::log1p(std::exp(2 * (0 - 0.8))), 1e-12)
      << "a pair that scores 0 is a negative, and no anchor";
}

TEST(MultipleNegativesRankingLoss, without_a_similar_pair_is_zero_with_a_gradient_path) {
  auto pairs = testing::tensors(example_pairs(3));
  pairs.a.requires_grad_(true);
  pairs.scores = pairs.scores * 0;
  const auto out = scored_loss("kindred.multiple_negatives_ranking")->forward_scored(pairs);
  out.backward();
  EXPECT_EQ(out.item<double>(), 0);
  EXPECT_EQ(pairs.a.grad().abs().max().item<double>(), 0);
}

/// Nine pairs of sine_fixture.hpp, as make_image_text_losses.py has them.
ScoredPairs sine_pairs() {
  const auto x = testing::sine_embeddings();
  auto y = x.clone();
  for (int64_t i = 0; i < 9; ++i) {
    for (int64_t j = 0; j < 4; ++j) y[i][j] += 0.1 * std::cos(static_cast<double>(i + 2 * j));
  }
  const auto rows = at::arange(9, at::kLong);
  return {
      x.requires_grad_(true), y.requires_grad_(true), at::ones({9}, at::kDouble), rows * 0, rows, rows + 9};
}

/// The loss of sine_pairs(), the norms of its gradients in both objects and the gradients in its parameters.
std::vector<double> with_gradients(const char* id, const json& params) {
  const auto pairs = sine_pairs();
  const auto one = scored_loss(id, params);
  auto parameters = one->parameters();
  for (auto& parameter : parameters) parameter.tensor.requires_grad_(true);
  const auto out = one->forward_scored(pairs);
  out.backward();
  std::vector<double> values = {out.item<double>(), pairs.a.grad().norm().item<double>(),
                                pairs.b.grad().norm().item<double>()};
  for (const auto& parameter : parameters) values.push_back(parameter.tensor.grad().item<double>());
  return values;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

// The values are transformers': make_image_text_losses.py.
TEST(MultipleNegativesRankingLoss, with_a_learnt_scale_is_the_loss_of_clip) {
  expect_near(with_gradients("kindred.multiple_negatives_ranking",
                             {{"scale", 1 / 0.07}, {"symmetric", true}, {"learn_scale", true}}),
              {0.045113550, 0.252842822, 0.676203125, -0.106464303});
}

TEST(MultipleNegativesRankingLoss, keeps_a_learnt_scale_from_1_to_100) {
  const json params = {{"scale", 10}, {"learn_scale", true}};
  const auto one = scored_loss("kindred.multiple_negatives_ranking", params);
  auto scale = one->parameters().at(0).tensor;
  EXPECT_EQ(one->parameters().at(0).name, "log_scale");
  const auto value_at = [&](double log_scale) {
    scale.fill_(log_scale);
    return one->forward_scored(sine_pairs()).item<double>();
  };
  EXPECT_EQ(value_at(std::log(100) + 1), value_at(std::log(100)));
  value_at(7);
  EXPECT_NEAR(scale.item<double>(), std::log(100), 1e-6) << "the next step goes on from there";
  EXPECT_EQ(value_at(-1), value_at(0));
  EXPECT_TRUE(scored_loss("kindred.multiple_negatives_ranking")->parameters().empty());
  EXPECT_THROW(scored_loss("kindred.multiple_negatives_ranking", {{"scale", 200}, {"learn_scale", true}}),
               std::exception);
}

TEST(SigmoidPairsLoss, is_the_loss_of_siglip) {
  expect_near(with_gradients("kindred.sigmoid_pairs", json::object()),
              {0.875633974, 1.435305905, 1.861780904, -4.649496469, -0.455593621});
  EXPECT_EQ(with_gradients("kindred.sigmoid_pairs", {{"learn", false}}).size(), 3u);
}

TEST(SigmoidPairsLoss, equals_the_sum_over_all_objects) {
  const auto pairs = example_pairs(7);
  double sum = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (size_t j = 0; j < pairs.size(); ++j) {
      const auto x = pairs.a_objects[i], y = pairs.b_objects[j];
      if (x == y) continue;
      const double logit = 3 * cosine(pairs.a[i], pairs.b[j]) - 1;
      sum += std::log1p(std::exp(similar(pairs, x, y) ? -logit : logit));
    }
  }
  EXPECT_NEAR(value_of("kindred.sigmoid_pairs", {{"scale", 3}, {"bias", -1}}, pairs), sum / 12, 1e-6);
}

TEST(CosineEmbeddingLoss, equals_its_definition) {
  const auto pairs = example_pairs(4);
  double sum = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double c = cosine(pairs.a[i], pairs.b[i]), y = pairs.scores[i];
    sum += y * (1 - c) + (1 - y) * std::max(0.0, c + 0.2);
  }
  EXPECT_NEAR(value_of("kindred.cosine_embedding", {{"margin", -0.2}}, pairs), sum / 12, 1e-12);
}

TEST(CosentLoss, equals_the_sum_over_pairs_of_pairs) {
  const auto pairs = example_pairs(5);
  double sum = 1;
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (size_t j = 0; j < pairs.size(); ++j) {
      if (pairs.scores[i] > pairs.scores[j])
        sum += std::exp(8 * (cosine(pairs.a[j], pairs.b[j]) - cosine(pairs.a[i], pairs.b[i])));
    }
  }
  EXPECT_NEAR(value_of("kindred.cosent", {{"scale", 8.0}}, pairs), std::log(sum), 1e-12);
}

TEST(CosentLoss, sees_the_order_of_the_scores_alone) {
  auto pairs = example_pairs(6);
  const double before = value_of("kindred.cosent", json::object(), pairs);
  for (auto& score : pairs.scores) score = score * score / 2;
  EXPECT_NEAR(value_of("kindred.cosent", json::object(), pairs), before, 1e-12);
  for (auto& score : pairs.scores) score = 1;
  EXPECT_EQ(value_of("kindred.cosent", json::object(), pairs), 0);
}

const std::vector<std::pair<const char*, json>>& scored_losses() {
  static const std::vector<std::pair<const char*, json>> list = {
      {"kindred.multiple_negatives_ranking", {{"scale", 4.0}}},
      {"kindred.multiple_negatives_ranking", {{"scale", 0.7}, {"distance", "dot"}, {"symmetric", true}}},
      {"kindred.multiple_negatives_ranking", {{"symmetric", true}, {"learn_scale", true}}},
      {"kindred.sigmoid_pairs", {{"scale", 4.0}, {"bias", -2.0}}},
      {"kindred.cosine_embedding", {{"margin", 0.1}}},
      {"kindred.cosent", {{"scale", 5.0}}},
      {"kindred.contrastive", {{"negative_margin", 1.2}}},
      {"kindred.contrastive", {{"squared", true}, {"average", "all"}, {"distance", "euclidean"}}},
      {"kindred.contrastive", {{"distance", "manhattan"}, {"negative_margin", 3.0}}},
      {"kindred.contrastive", {{"distance", "snr"}, {"negative_margin", 2.0}}}};
  return list;
}

TEST(ScoredPairLosses, gradients_equal_finite_differences) {
  for (const auto& [id, params] : scored_losses()) {
    auto pairs = testing::tensors(example_pairs(9));
    // Places of one object may differ, as with dropout.
    const auto x = testing::random_matrix(24, 5, 10);
    const auto one = scored_loss(id, params);
    testing::expect_gradient(
        [&] {
          pairs.a = x.slice(0, 0, 12);
          pairs.b = x.slice(0, 12);
          return one->forward_scored(pairs);
        },
        x, std::string(id) + " " + params.dump());
  }
}

TEST(ScoredPairLosses, say_what_they_take) {
  for (const auto& [id, params] : scored_losses()) {
    const auto one = scored_loss(id, params);
    EXPECT_TRUE(one->traits().scored_pairs) << id;
    EXPECT_EQ(one->traits().groups, std::string(id) == "kindred.contrastive") << id;
    if (!one->traits().groups) {
      EXPECT_THROW(one->forward(at::rand({2, 3}), at::zeros({2}, at::kLong)), std::exception) << id;
    }
  }
  EXPECT_THROW(scored_loss("kindred.contrastive", {{"average", "some"}}), std::exception);
}

}  // namespace
}  // namespace kindred
