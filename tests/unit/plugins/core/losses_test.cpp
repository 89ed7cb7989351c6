#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {
using nlohmann::json;

at::Tensor random_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (int64_t i = 0; i < rows * columns; ++i)
    values.push_back(random.uniform(-1, 1) + random.uniform(-1, 1));
  return at::tensor(values, at::kDouble).reshape({rows, columns});
}

const std::vector<std::pair<const char*, json>>& all_losses() {
  static const std::vector<std::pair<const char*, json>> list = {
      {"kindred.triplet", {{"mining", "all"}, {"margin", 0.3}}},
      {"kindred.triplet", {{"mining", "all"}, {"margin", 0.3}, {"average", "all"}, {"distance", "dot"}}},
      {"kindred.triplet", {{"mining", "semi_hard"}, {"margin", 0.4}, {"distance", "euclidean"}}},
      {"kindred.triplet", {{"mining", "hard"}}},
      {"kindred.triplet", {{"mining", "hard"}, {"scale_by_negatives", false}, {"distance", "euclidean"}}},
      {"kindred.triplet", {{"mining", "hard"}, {"soft", true}}},
      {"kindred.supervised_contrastive", {{"temperature", 0.2}}},
      {"kindred.multi_similarity", {{"beta", 10.0}}},
      {"kindred.multi_similarity", {{"mining", false}}}};
  return list;
}

TEST(Losses, gradients_equal_finite_differences) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 0, 1, 1, 2, 2, 2, 3}, at::kLong);
  const double step = 1e-6;
  for (const auto& [id, params] : all_losses()) {
    const auto loss = testing::make<Loss>("core", id, params);
    auto x = random_matrix(9, 5, 3).requires_grad_(true);
    loss->forward(x, labels).backward();
    const auto gradient = x.grad().clone();
    const auto base = x.detach();
    for (int64_t i = 0; i < base.numel(); ++i) {
      auto plus = base.clone(), minus = base.clone();
      plus.view(-1)[i] += step;
      minus.view(-1)[i] -= step;
      const double difference =
          (loss->forward(plus, labels) - loss->forward(minus, labels)).item<double>() / (2 * step);
      EXPECT_NEAR(gradient.view(-1)[i].item<double>(), difference, 2e-7)
          << id << " " << params << " entry " << i;
    }
  }
}

TEST(Losses, are_the_same_for_any_order_of_the_batch_and_any_names_of_the_classes) {
  const auto x = random_matrix(8, 4, 5);
  const auto labels = at::tensor(std::vector<int64_t>{0, 1, 0, 2, 1, 2, 0, 1}, at::kLong);
  const auto order = at::tensor(std::vector<int64_t>{3, 0, 7, 5, 1, 6, 2, 4}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    const auto loss = testing::make<Loss>("core", id, params);
    const double value = loss->forward(x, labels).item<double>();
    const double other =
        loss->forward(x.index_select(0, order), labels.index_select(0, order) * 1000003 + 7).item<double>();
    EXPECT_NEAR(value, other, 1e-12) << id << " " << params;
  }
}

TEST(Losses, without_pairs_are_zero_with_a_gradient_path) {
  const auto different = at::arange(4, at::kLong), same = at::zeros({4}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    const auto loss = testing::make<Loss>("core", id, params);
    for (const auto& labels : {different, same}) {
      auto x = random_matrix(4, 3, 11).requires_grad_(true);
      const auto value = loss->forward(x, labels);
      ASSERT_TRUE(value.requires_grad()) << id << " " << params;
      value.backward();
      EXPECT_TRUE(at::isfinite(x.grad()).all().item<bool>()) << id << " " << params;
      EXPECT_TRUE(at::isfinite(value).item<bool>());
      const bool triplet = std::string(id) == "kindred.triplet";
      if (triplet) {
        EXPECT_EQ(value.item<double>(), 0) << params;
      }
    }
  }
}

TEST(Losses, collapsed_embeddings_keep_finite_gradients) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    auto x = at::ones({4, 3}, at::kFloat).requires_grad_(true);
    testing::make<Loss>("core", id, params)->forward(x, labels).backward();
    EXPECT_TRUE(at::isfinite(x.grad()).all().item<bool>()) << id << " " << params;
  }
}

TEST(TripletLoss, equals_the_sum_over_all_triplets) {
  const auto x = random_matrix(12, 4, 17);
  const std::vector<int64_t> label = {0, 1, 2, 0, 1, 2, 0, 0, 1, 3, 2, 2};
  const auto labels = at::tensor(label, at::kLong);
  for (const auto* distance : {"cosine", "euclidean", "dot"}) {
    const auto d = distance_matrix(distance_from_name(distance), x, x);
    for (const auto* mining : {"all", "semi_hard"}) {
      for (const auto* average : {"all", "active"}) {
        const double margin = 0.35;
        double sum = 0;
        int64_t active = 0, triplets = 0;
        for (int64_t a = 0; a < 12; ++a) {
          for (int64_t p = 0; p < 12; ++p) {
            for (int64_t n = 0; n < 12; ++n) {
              const auto u = [](int64_t i) { return static_cast<size_t>(i); };
              if (a == p || label[u(a)] != label[u(p)] || label[u(a)] == label[u(n)]) continue;
              ++triplets;
              const double dp = d[a][p].item<double>(), dn = d[a][n].item<double>();
              if (dp - dn + margin <= 0 || (std::string(mining) == "semi_hard" && dn <= dp)) continue;
              sum += dp - dn + margin;
              ++active;
            }
          }
        }
        const auto loss = testing::make<Loss>(
            "core", "kindred.triplet",
            {{"mining", mining}, {"average", average}, {"margin", margin}, {"distance", distance}});
        const double expected = sum / static_cast<double>(std::string(average) == "all" ? triplets : active);
        EXPECT_NEAR(loss->forward(x, labels).item<double>(), expected, 1e-12)
            << distance << " " << mining << " " << average;
      }
    }
  }
}

TEST(TripletLoss, hard_takes_the_farthest_positive_and_the_nearest_negative) {
  // On a line: 0 and 1 are one class, 3 and 10 another. Anchors' gaps: 1-3, 1-2, 7-2, 7-9.
  const auto x = at::tensor(std::vector<double>{0, 1, 3, 10}, at::kDouble).reshape({4, 1});
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong);
  const auto value = [&](json params) {
    params["distance"] = "euclidean";
    return testing::make<Loss>("core", "kindred.triplet", params)->forward(x, labels).item<double>();
  };
  const double margin = 1.5;  // gaps -2, -1, 5, -2
  EXPECT_NEAR(value({{"margin", margin}, {"scale_by_negatives", false}}), (0 + 0.5 + 6.5 + 0) / 4, 1e-12);
  EXPECT_NEAR(value({{"margin", margin}, {"scale_by_negatives", false}, {"average", "active"}}),
              (0.5 + 6.5) / 2, 1e-12);
  const double mean = (3 + 2 + 2 + 9) / 4.0;
  EXPECT_NEAR(value({{"margin", margin}}),
              (margin - 2 / mean + margin - 1 / mean + margin + 5 / mean + margin - 2 / mean) / 4, 1e-12);
}

TEST(TripletLoss, refuses_what_does_not_go_together) {
  using ::testing::HasSubstr;
  try {
    testing::make<Loss>("core", "kindred.triplet", {{"mining", "all"}, {"soft", true}});
    ADD_FAILURE();
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("\"mining\": \"hard\""));
  }
}

}  // namespace
}  // namespace kindred
