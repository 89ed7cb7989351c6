#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "clustering.hpp"
#include "component.hpp"
#include "kindred/metric.hpp"
#include "ranking.hpp"
#include "sine_fixture.hpp"

namespace kindred {
namespace {

/// Two queries: hits at ranks 1, 3 and 5 of R = 4, and at rank 2 of R = 1; a third without relevant samples.
Ranking example() {
  Ranking ranking;
  ranking.relevant = at::tensor(std::vector<int64_t>{1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, at::kLong)
                         .reshape({3, 5})
                         .to(at::kBool);
  ranking.relevant_count = at::tensor(std::vector<int64_t>{4, 1, 0}, at::kLong);
  ranking.first_relevant = at::tensor(std::vector<int64_t>{1, 2, 0}, at::kLong);
  return ranking;
}

void expect(const char* id, const nlohmann::json& params, const std::string& name, int64_t depth,
            double first, double second) {
  const auto metric = testing::make<Metric>("core", id, params);
  const auto values = metric->per_query(example());
  EXPECT_EQ(metric->name(), name);
  EXPECT_EQ(metric->depth(4), depth) << name;
  ASSERT_EQ(values.numel(), 3) << name;
  EXPECT_DOUBLE_EQ(values[0].item<double>(), first) << name;
  EXPECT_DOUBLE_EQ(values[1].item<double>(), second) << name;
}

TEST(Metrics, hand_computed) {
  expect("kindred.r_precision", nlohmann::json::object(), "r_precision", 4, 2.0 / 4, 0);
  expect("kindred.map_at_r", nlohmann::json::object(), "map_at_r", 4, (1.0 + 2.0 / 3) / 4, 0);
  expect("kindred.precision_at_k", {{"k", 3}}, "precision_at_3", 3, 2.0 / 3, 1.0 / 3);
  expect("kindred.precision_at_k", {{"k", 3}, {"denominator", "min_k_r"}}, "precision_at_3_over_min_k_r", 3,
         2.0 / 3, 1);
  expect("kindred.precision_at_1", nlohmann::json::object(), "precision_at_1", 1, 1, 0);
  expect("kindred.cmc_at_k", {{"k", 2}}, "cmc_at_2", 1, 1, 1);
  expect("kindred.map_at_k", {{"k", 5}, {"denominator", "r"}}, "map_at_5_over_r", 5,
         (1 + 2.0 / 3 + 3.0 / 5) / 4, 0.5);
  expect("kindred.map_at_k", {{"k", 3}}, "map_at_3_over_min_k_r", 3, (1 + 2.0 / 3) / 3, 0.5);
  expect("kindred.map_at_k", {{"k", 3}, {"denominator", "hits"}}, "map_at_3_over_hits", 3, (1 + 2.0 / 3) / 2,
         0.5);
  const auto gain = [](int rank) { return 1 / std::log2(rank + 1); };
  expect("kindred.ndcg_at_k", {{"k", 3}}, "ndcg_at_3", 3, (gain(1) + gain(3)) / (gain(1) + gain(2) + gain(3)),
         gain(2));
  expect("kindred.recall_at_k", {{"k", 3}}, "recall_at_3", 3, 2.0 / 4, 1);
  expect("kindred.recall_at_k", {{"k", 3}, {"any", true}}, "any_recall_at_3", 3, 1, 1);
  expect("kindred.mean_reciprocal_rank", nlohmann::json::object(), "mean_reciprocal_rank", 1, 1, 0.5);
}

// Values that other frameworks give for the same nine samples, eight of which have another one of their
// class.
TEST(Metrics, of_the_sine_samples) {
  const auto ranking = testing::ranked_by_cosine(testing::sine_embeddings(), testing::sine_labels());
  const auto mean = [&](const char* id, const nlohmann::json& params) {
    return testing::make<Metric>("core", id, params)
        ->per_query(ranking)
        .masked_select(ranking.relevant_count > 0)
        .mean()
        .item<double>();
  };
  const auto mean_of_classes = [&](const char* id, const nlohmann::json& params) {
    const auto values = testing::make<Metric>("core", id, params)->per_query(ranking);
    double sum = 0;
    for (int64_t c = 0; c < 3; ++c)  // the sample of class 3 is alone
      sum += values.masked_select(testing::sine_labels() == c).mean().item<double>() / 3;
    return sum;
  };
  struct Means {
    const char* id;
    nlohmann::json params;
    double of_queries, of_classes;
  };
  const std::vector<Means> means = {
      {"kindred.precision_at_1", nlohmann::json::object(), 0.5, 0.5},
      {"kindred.r_precision", nlohmann::json::object(), 0.4375, 0.44444444},
      {"kindred.map_at_r", nlohmann::json::object(), 0.375, 0.38888889},
      {"kindred.map_at_k", {{"k", 8}, {"denominator", "r"}}, 0.65833333, 0.66851852},
      {"kindred.mean_reciprocal_rank", nlohmann::json::object(), 0.72916667, 0.73148148}};
  for (const auto& [id, params, of_queries, of_classes] : means) {
    EXPECT_NEAR(mean(id, params), of_queries, 1e-8) << id;
    EXPECT_NEAR(mean_of_classes(id, params), of_classes, 1e-8) << id;
  }
  EXPECT_NEAR(mean("kindred.ndcg_at_k", {{"k", 5}}), 0.77274559, 1e-7);
  const std::vector<int64_t> ks = {1, 2, 5};
  const double cmc[] = {0.5, 0.875, 1}, precision[] = {0.5, 0.4375, 0.35}, clipped[] = {0.5, 0.5625, 1},
               over_min[] = {0.5, 0.4375, 0.65833333}, over_r[] = {0.3125, 0.4375, 0.65833333},
               over_hits[] = {0.44444444 * 9 / 8, 0.61111111 * 9 / 8, 0.58518518 * 9 / 8};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(mean("kindred.cmc_at_k", {{"k", ks[i]}}), cmc[i], 1e-8);
    EXPECT_NEAR(mean("kindred.precision_at_k", {{"k", ks[i]}}), precision[i], 1e-8);
    EXPECT_NEAR(mean("kindred.precision_at_k", {{"k", ks[i]}, {"denominator", "min_k_r"}}), clipped[i], 1e-8);
    EXPECT_NEAR(mean("kindred.map_at_k", {{"k", ks[i]}}), over_min[i], 1e-8);
    EXPECT_NEAR(mean("kindred.map_at_k", {{"k", ks[i]}, {"denominator", "r"}}), over_r[i], 1e-8);
    EXPECT_NEAR(mean("kindred.map_at_k", {{"k", ks[i]}, {"denominator", "hits"}}), over_hits[i], 2e-8);
  }
}

double of_set(const char* id, const char* distance, int64_t tile_bytes = int64_t{1} << 20) {
  return testing::make<Metric>("core", id, {{"distance", distance}})
      ->of_set({testing::sine_embeddings().to(at::kFloat), testing::sine_labels(), 1, tile_bytes});
}

// Golden values: scikit-learn 1.9.
TEST(SetMetrics, of_the_sine_samples) {
  for (const int64_t tile : {1, 80, 1 << 20}) {  // a row, two rows, all
    EXPECT_NEAR(of_set("kindred.roc_auc", "cosine", tile), 0.7832512315270936, 1e-12);
    EXPECT_NEAR(of_set("kindred.roc_auc", "euclidean", tile), 0.6847290640394088, 1e-12);
    EXPECT_NEAR(of_set("kindred.pair_average_precision", "cosine", tile), 0.39579793639944016, 1e-12);
    EXPECT_NEAR(of_set("kindred.pair_average_precision", "euclidean", tile), 0.30582373300197274, 1e-12);
    EXPECT_NEAR(of_set("kindred.silhouette", "cosine", tile), 0.07356592252689095, 1e-6);
    EXPECT_NEAR(of_set("kindred.silhouette", "euclidean", tile), -0.029886962604515684, 1e-6);
    EXPECT_NEAR(of_set("kindred.silhouette", "manhattan", tile), -0.058656824247267786, 1e-6);
  }
}

TEST(SetMetrics, ties_count_half_and_come_together) {
  // On a line: positive pairs at distances 1 and 1, negative ones at 1, 2, 2 and 3.
  const EvaluatedSet set = {at::tensor(std::vector<float>{0, 1, 2, 3}, at::kFloat).view({4, 1}),
                            at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong)};
  const auto value = [&](const char* id) {
    return testing::make<Metric>("core", id, {{"distance", "euclidean"}})->of_set(set);
  };
  EXPECT_NEAR(value("kindred.roc_auc"), 1 - 2 * 0.5 / 8, 1e-12);
  EXPECT_NEAR(value("kindred.pair_average_precision"), 2.0 / 3, 1e-12);
}

TEST(SetMetrics, are_undefined_where_nothing_can_be_told) {
  const EvaluatedSet alone = {at::rand({4, 3}), at::arange(4, at::kLong)};
  const EvaluatedSet one_class = {at::rand({4, 3}), at::zeros({4}, at::kLong)};
  const auto value = [](const char* id, const EvaluatedSet& set) {
    return testing::make<Metric>("core", id)->of_set(set);
  };
  EXPECT_TRUE(std::isnan(value("kindred.roc_auc", alone)));
  EXPECT_TRUE(std::isnan(value("kindred.roc_auc", one_class)));
  EXPECT_TRUE(std::isnan(value("kindred.pair_average_precision", alone)));
  EXPECT_TRUE(std::isnan(value("kindred.silhouette", one_class)));
}

/// A set on a line, with pairs at distances 1, 2, 3, 4 and 2; its labels say something else.
EvaluatedSet paired_set(std::vector<float> scores) {
  EvaluatedSet set = {at::tensor(std::vector<float>{0, 1, 3, 6, 10}, at::kFloat).view({5, 1}),
                      at::zeros({5}, at::kLong)};
  set.pairs = {at::tensor(std::vector<int64_t>{0, 1, 1, 2, 2, 3, 3, 4, 2, 1}, at::kLong).view({5, 2}),
               at::tensor(scores, at::kFloat), at::zeros({5}, at::kLong)};
  return set;
}

TEST(SetMetrics, of_a_dataset_of_pairs_look_at_these_alone) {
  // Positive at 1, 3 and 2, negative at 4 and 2.
  const auto set = paired_set({1, 0.4F, 0.5F, 0, 0.9F});
  const auto value = [&](const char* id, EvaluatedSet of) {
    return testing::make<Metric>("core", id, {{"distance", "euclidean"}})->of_set(of);
  };
  for (const int64_t tile : {1, 20, 1 << 20}) {
    auto tiled = set;
    tiled.tile_bytes = tile;
    EXPECT_NEAR(value("kindred.roc_auc", tiled), (2 + 1 + 1.5) / 6, 1e-12) << tile;
    EXPECT_NEAR(value("kindred.pair_average_precision", tiled), (1.0 + 2.0 / 3 + 3.0 / 4) / 3, 1e-12) << tile;
  }
  EXPECT_TRUE(std::isnan(value("kindred.roc_auc", paired_set({1, 1, 1, 1, 1}))));
  EXPECT_TRUE(std::isnan(value("kindred.pair_average_precision", paired_set({0, 0, 0, 0, 0}))));
}

TEST(Spearman, correlates_ranks_with_means_for_equals) {
  const auto value = [](const EvaluatedSet& set) {
    return testing::make<Metric>("core", "kindred.spearman", {{"distance", "euclidean"}})->of_set(set);
  };
  // Similarities rank 5, 3.5, 2, 1, 3.5; these scores rank 4.5, 2, 3, 1, 4.5.
  EXPECT_NEAR(value(paired_set({0.9F, 0.4F, 0.5F, 0, 0.9F})), (2 * 1.5 + 0.5 * -1 + 2 * 2 + 0.5 * 1.5) / 9.5,
              1e-12);
  EXPECT_NEAR(value(paired_set({1, 0.5F, 0.2F, 0, 0.5F})), 1, 1e-12);
  EXPECT_NEAR(value(paired_set({0, 0.5F, 0.7F, 1, 0.5F})), -1, 1e-12);
  EXPECT_TRUE(std::isnan(value(paired_set({0.3F, 0.3F, 0.3F, 0.3F, 0.3F})))) << "constant scores";
  auto set = paired_set({1, 0.5F, 0.2F, 0, 0.5F});
  set.embeddings.zero_();
  EXPECT_TRUE(std::isnan(value(set))) << "constant similarities";
  set.pairs = {};
  EXPECT_TRUE(std::isnan(value(set))) << "no pairs";
}

TEST(Clustering, information_of_two_partitions) {
  const auto list = [](std::vector<int64_t> values) { return at::tensor(values, at::kLong); };
  const auto a = list({0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3}),
             b = list({0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 0, 2, 2, 2});
  EXPECT_NEAR(normalized_mutual_information(contingency(a, b)), 0.4924904102654501, 1e-12);
  EXPECT_NEAR(adjusted_mutual_information(contingency(a, b)), 0.33479919169059813, 1e-12);
  EXPECT_NEAR(normalized_mutual_information(contingency(a, a)), 1, 1e-12);
  EXPECT_NEAR(adjusted_mutual_information(contingency(a, a + 5)), 1, 1e-12);
  EXPECT_EQ(normalized_mutual_information(contingency(list({3, 3}), list({7, 7}))), 1);
}

TEST(Clustering, k_means_finds_separate_groups_and_repeats) {
  at::manual_seed(2);
  const auto labels = at::arange(120, at::kLong).remainder(6);
  const auto x = (at::randn({6, 10}) * 5).index_select(0, labels) + at::randn({120, 10}) * 0.1;
  EXPECT_NEAR(adjusted_mutual_information(contingency(labels, k_means(x, 6, 1))), 1, 1e-9);
  const auto noise = at::randn({120, 10});
  EXPECT_TRUE(at::equal(k_means(noise, 7, 3), k_means(noise, 7, 3)));
  EXPECT_LT(std::abs(adjusted_mutual_information(contingency(labels, k_means(noise, 6, 1)))), 0.1)
      << "chance is zero";
  EXPECT_EQ(k_means(at::ones({5, 2}), 3, 1).numel(), 5) << "equal rows";
}

}  // namespace
}  // namespace kindred
