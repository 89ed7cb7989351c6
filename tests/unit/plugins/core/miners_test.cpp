#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "component.hpp"
#include "kindred/distance.hpp"
#include "kindred/miner.hpp"
#include "sine_fixture.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::ElementsAre;
using Triple = std::tuple<int64_t, int64_t, int64_t>;
using IndexPairs = std::set<std::pair<int64_t, int64_t>>;

Mined mined(const std::string& id, const json& params = json::object()) {
  return testing::make<Miner>("core", id, params)
      ->mine(pair_batch(testing::sine_embeddings(), testing::sine_labels()));
}

std::vector<int64_t> list(const at::Tensor& x) {
  const auto plain = x.contiguous();
  return {plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel()};
}

std::set<Triple> set_of(const Triplets& triplets) {
  std::set<Triple> out;
  for (int64_t i = 0; i < triplets.anchors.numel(); ++i) {
    out.insert({triplets.anchors[i].item<int64_t>(), triplets.positives[i].item<int64_t>(),
                triplets.negatives[i].item<int64_t>()});
  }
  EXPECT_EQ(static_cast<int64_t>(out.size()), triplets.anchors.numel()) << "a triplet comes twice";
  return out;
}

IndexPairs pairs_of(const at::Tensor& mask) {
  const auto places = mask.nonzero();
  IndexPairs out;
  for (int64_t i = 0; i < places.size(0); ++i)
    out.insert({places[i][0].item<int64_t>(), places[i][1].item<int64_t>()});
  return out;
}

// The expected lists are pytorch-metric-learning 2.8.1's.
TEST(Miners, batch_hard_takes_the_hardest_of_each_anchor) {
  const auto triplets = mined("kindred.batch_hard").triplets;
  EXPECT_THAT(list(triplets.anchors), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7)) << "8 has no positive";
  EXPECT_THAT(list(triplets.positives), ElementsAre(2, 2, 1, 5, 5, 3, 7, 6));
  EXPECT_THAT(list(triplets.negatives), ElementsAre(3, 3, 8, 1, 7, 1, 4, 4));
}

TEST(Miners, batch_easy_hard_chooses_each_side_by_its_rule) {
  const auto easy = mined("kindred.batch_easy_hard").triplets;
  EXPECT_THAT(list(easy.positives), ElementsAre(1, 0, 0, 4, 3, 4, 7, 6));
  EXPECT_THAT(list(easy.negatives), ElementsAre(5, 5, 5, 1, 7, 1, 4, 5));
  const auto hard = mined("kindred.batch_easy_hard", {{"positive", "hard"}}).triplets;
  EXPECT_THAT(list(hard.positives), ElementsAre(2, 2, 1, 5, 5, 3, 7, 6));
  EXPECT_THAT(list(hard.negatives), ElementsAre(5, 7, 5, 7, 0, 7, 4, 5));
  EXPECT_THROW(mined("kindred.batch_easy_hard", {{"positive", "semi_hard"}}), std::runtime_error);
}

TEST(Miners, batch_easy_hard_takes_semi_hard_positives_nearer_than_the_negative) {
  const auto d = distance_matrix(Distance::cosine, testing::sine_embeddings(), testing::sine_embeddings());
  const auto triplets =
      mined("kindred.batch_easy_hard", {{"positive", "semi_hard"}, {"negative", "easy"}}).triplets;
  ASSERT_GT(triplets.anchors.numel(), 0);
  for (const auto& [a, p, n] : set_of(triplets)) {
    EXPECT_LT(d[a][p].item<double>(), d[a][n].item<double>());
    for (int64_t other = 0; other < 9; ++other) {
      const bool positive = other != a && testing::sine_labels()[other].item<int64_t>() ==
                                              testing::sine_labels()[a].item<int64_t>();
      if (positive && d[a][other].item<double>() < d[a][n].item<double>()) {
        EXPECT_LE(d[a][other].item<double>(), d[a][p].item<double>());
      }
    }
  }
}

TEST(Miners, semi_hard_takes_the_nearest_negative_beyond_each_positive) {
  const auto x = testing::sine_embeddings();
  const auto labels = testing::sine_labels();
  const auto d = distance_matrix(Distance::cosine, x, x);
  std::set<Triple> expected;
  for (int64_t a = 0; a < 9; ++a) {
    for (int64_t p = 0; p < 9; ++p) {
      if (a == p || labels[a].item<int64_t>() != labels[p].item<int64_t>()) continue;
      int64_t nearest = -1, farthest = -1;
      for (int64_t n = 0; n < 9; ++n) {
        if (labels[n].item<int64_t>() == labels[a].item<int64_t>()) continue;
        const double value = d[a][n].item<double>();
        if (value > d[a][p].item<double>() && (nearest < 0 || value < d[a][nearest].item<double>()))
          nearest = n;
        if (farthest < 0 || value > d[a][farthest].item<double>()) farthest = n;
      }
      expected.insert({a, p, nearest >= 0 ? nearest : farthest});
    }
  }
  EXPECT_EQ(set_of(mined("kindred.semi_hard").triplets), expected);
}

TEST(Miners, triplet_margin_keeps_by_the_gap) {
  const auto x = l2_normalized(testing::sine_embeddings());
  const auto labels = testing::sine_labels();
  const auto d = [&](int64_t i, int64_t j) { return (x[i] - x[j]).norm().item<double>(); };
  std::map<std::string, std::set<Triple>> expected;
  for (int64_t a = 0; a < 9; ++a) {
    for (int64_t p = 0; p < 9; ++p) {
      if (a == p || labels[a].item<int64_t>() != labels[p].item<int64_t>()) continue;
      for (int64_t n = 0; n < 9; ++n) {
        if (labels[n].item<int64_t>() == labels[a].item<int64_t>()) continue;
        const double gap = d(a, n) - d(a, p);
        expected[gap > 0.2 ? "easy" : "all"].insert({a, p, n});
        if (gap <= 0.2) expected[gap <= 0 ? "hard" : "semi_hard"].insert({a, p, n});
      }
    }
  }
  const std::map<std::string, size_t> counts = {{"all", 29}, {"hard", 17}, {"semi_hard", 12}, {"easy", 57}};
  for (const auto& [keep, count] : counts) {
    EXPECT_EQ(set_of(mined("kindred.triplet_margin", {{"keep", keep}}).triplets), expected[keep]) << keep;
    EXPECT_EQ(expected[keep].size(), count) << keep;
  }
}

TEST(Miners, angular_keeps_wide_triplets) {
  const auto raw = [](double angle) {
    return mined("kindred.angular", {{"angle", angle}, {"normalize", false}}).triplets;
  };
  EXPECT_EQ(raw(20).anchors.numel(), 52);
  const std::set<Triple> wide = {{1, 2, 5}, {2, 1, 5}, {3, 5, 1}, {4, 5, 1}, {5, 3, 1}, {5, 4, 1}};
  EXPECT_EQ(set_of(raw(45)), wide);
}

TEST(Miners, angular_normalises_first) {
  const auto x = l2_normalized(testing::sine_embeddings());
  const auto labels = testing::sine_labels();
  std::set<Triple> expected;
  for (int64_t a = 0; a < 9; ++a) {
    for (int64_t p = 0; p < 9; ++p) {
      if (a == p || labels[a].item<int64_t>() != labels[p].item<int64_t>()) continue;
      for (int64_t n = 0; n < 9; ++n) {
        if (labels[n].item<int64_t>() == labels[a].item<int64_t>()) continue;
        const double to_middle = (x[n] - (x[a] + x[p]) / 2).norm().item<double>();
        const double angle = std::atan((x[a] - x[p]).norm().item<double>() / (2 * to_middle));
        if (angle > 20 * 3.14159265358979323846 / 180) expected.insert({a, p, n});
      }
    }
  }
  EXPECT_EQ(set_of(mined("kindred.angular").triplets), expected);
}

TEST(Miners, pair_margin_keeps_pairs_beyond_the_margins) {
  const auto masks = mined("kindred.pair_margin").masks;
  EXPECT_EQ(masks.positive.sum().item<int64_t>(), 14);
  EXPECT_EQ(pairs_of(masks.negative), (IndexPairs{{2, 8}, {8, 2}}));
}

TEST(Miners, multi_similarity_keeps_pairs_near_the_hardest) {
  const auto masks = mined("kindred.multi_similarity").masks;
  const IndexPairs positive = {{0, 2}, {0, 1}, {1, 2}, {1, 0}, {2, 1}, {2, 0}, {3, 5},
                               {4, 5}, {4, 3}, {5, 3}, {5, 4}, {6, 7}, {7, 6}};
  const IndexPairs negative = {{0, 3}, {1, 5}, {1, 4}, {1, 3}, {2, 8}, {3, 6}, {3, 0}, {3, 1},
                               {4, 6}, {4, 1}, {4, 7}, {5, 1}, {6, 3}, {6, 4}, {7, 4}};
  EXPECT_EQ(pairs_of(masks.positive), positive);
  EXPECT_EQ(pairs_of(masks.negative), negative);
}

TEST(Miners, hdc_keeps_the_hardest_share) {
  const auto d = distance_matrix(Distance::cosine, testing::sine_embeddings(), testing::sine_embeddings());
  const auto all = pair_masks(testing::sine_labels());
  const auto masks = mined("kindred.hdc", {{"fraction", 0.25}}).masks;
  EXPECT_EQ(masks.positive.sum().item<int64_t>(), 14 / 4);
  EXPECT_EQ(masks.negative.sum().item<int64_t>(), 58 / 4);
  const auto left_positive = all.positive.logical_and(masks.positive.logical_not()),
             left_negative = all.negative.logical_and(masks.negative.logical_not());
  EXPECT_GE(d.masked_select(masks.positive).min().item<double>(),
            d.masked_select(left_positive).max().item<double>());
  EXPECT_LE(d.masked_select(masks.negative).max().item<double>(),
            d.masked_select(left_negative).min().item<double>());
}

TEST(Miners, distance_weighted_draws_by_the_weight_of_each_distance) {
  // Row 0 has nearly all of its weight on sample 3, row 8, which is no anchor, on sample 2.
  at::manual_seed(1);
  std::set<int64_t> anchors;
  for (int draw = 0; draw < 50; ++draw) {
    for (const auto& [a, p, n] : set_of(mined("kindred.distance_weighted").triplets)) {
      anchors.insert(a);
      if (a == 0) {
        EXPECT_EQ(n, 3);
      }
      EXPECT_NE(testing::sine_labels()[a].item<int64_t>(), testing::sine_labels()[n].item<int64_t>());
    }
  }
  EXPECT_EQ(anchors.size(), 8U) << "every anchor with a positive";
}

TEST(Miners, distance_weighted_draws_evenly_where_weights_are_even) {
  // One anchor's class and eight negatives at the same distance from it.
  auto x = at::zeros({10, 9}, at::kDouble);
  x[0][0] = 1, x[1][0] = 1;
  for (int64_t i = 2; i < 10; ++i) x[i][0] = 0.6, x[i][i - 1] = 0.8;
  auto labels = at::arange(10, at::kLong);
  labels[1] = 0;
  const auto miner = testing::make<Miner>("core", "kindred.distance_weighted");
  at::manual_seed(3);
  std::vector<int64_t> counts(10);
  constexpr int64_t kDraws = 4000;
  for (int64_t i = 0; i < kDraws / 2; ++i) {
    const auto negatives = miner->mine(pair_batch(x, labels)).triplets.negatives;
    for (const auto n : list(negatives)) ++counts[static_cast<size_t>(n)];
  }
  for (size_t n = 2; n < 10; ++n) EXPECT_NEAR(static_cast<double>(counts[n]), kDraws / 8.0, 100) << n;
}

TEST(Miners, uniform_histogram_takes_so_many_of_each_bin) {
  at::manual_seed(5);
  const auto x = at::randn({60, 8}, at::kDouble);
  const auto labels = at::arange(60, at::kLong).remainder(5);
  const int64_t bins = 6;
  const auto miner = testing::make<Miner>("core", "kindred.uniform_histogram",
                                          {{"bins", bins}, {"positives", 4}, {"negatives", 7}});
  const auto kept = miner->mine(pair_batch(x, labels)).masks;
  const auto all = pair_masks(labels);
  const auto d = distance_matrix(Distance::cosine, x, x);
  const auto check = [&](const at::Tensor& chosen, const at::Tensor& given, int64_t per_bin) {
    const auto low = d.masked_select(given).min().item<double>(),
               high = d.masked_select(given).max().item<double>();
    const auto bin = ((d - low) * (static_cast<double>(bins) / (high - low))).floor().clamp_max(bins - 1);
    for (int64_t b = 0; b < bins; ++b) {
      const auto inside = (bin == static_cast<double>(b)).logical_and(given);
      EXPECT_EQ(inside.logical_and(chosen).sum().item<int64_t>(),
                std::min(per_bin, inside.sum().item<int64_t>()))
          << b;
    }
  };
  check(kept.positive, all.positive, 4);
  check(kept.negative, all.negative, 7);
}

TEST(Miners, find_negatives_among_references_beyond_the_batch) {
  const auto x = testing::sine_embeddings();
  const auto masks = pair_masks(testing::sine_labels());
  const PairBatch batch = {
      x.slice(0, 0, 4), x, {masks.positive.slice(0, 0, 4), masks.negative.slice(0, 0, 4)}, {}};
  const auto triplets = testing::make<Miner>("core", "kindred.batch_hard")->mine(batch).triplets;
  EXPECT_THAT(list(triplets.positives), ElementsAre(2, 2, 1, 5));
  EXPECT_THAT(list(triplets.negatives), ElementsAre(3, 3, 8, 1));
}

}  // namespace
}  // namespace kindred
