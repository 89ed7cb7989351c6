#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "scored_pairs.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using testing::cosine;
using testing::example_pairs;
using testing::golden_pairs;
using testing::Pairs;
using testing::Row;
using testing::scored_loss;
using testing::value_of;

struct Contrast {
  double positive_margin, negative_margin;
  bool squared, active;
};

/// Weighted mean of what exceeds a margin.
struct MeanAboveMargin {
  const Contrast& of;
  double sum = 0, weights = 0;
  void add(double gap, double weight) {
    if (of.active && gap <= 0) return;
    sum += weight * std::pow(std::max(gap, 0.0), of.squared ? 2 : 1);
    weights += weight;
  }
  double value() const { return weights > 0 ? sum / weights : 0; }
};

double contrastive_by_loops(const Pairs& pairs, const Contrast& of) {
  std::map<int64_t, std::pair<Row, std::set<int64_t>>> objects;  // embedding, subgroups
  MeanAboveMargin positive{of}, negative{of};
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double d = 1 - cosine(pairs.a[i], pairs.b[i]);
    positive.add(d - of.positive_margin, pairs.scores[i]);
    negative.add(of.negative_margin - d, 1 - pairs.scores[i]);
    for (const auto& [object, row] :
         {std::pair{pairs.a_objects[i], pairs.a[i]}, {pairs.b_objects[i], pairs.b[i]}}) {
      objects[object].first = row;
      objects[object].second.insert(pairs.subgroups[i]);
    }
  }
  for (auto x = objects.begin(); x != objects.end(); ++x) {
    for (auto y = std::next(x); y != objects.end(); ++y) {
      const auto& groups = x->second.second;
      if (std::none_of(groups.begin(), groups.end(), [&](auto g) { return y->second.second.count(g) > 0; }))
        negative.add(of.negative_margin - (1 - cosine(x->second.first, y->second.first)), 1);
    }
  }
  return positive.value() + negative.value();
}

TEST(ContrastiveLoss, over_scored_pairs_equals_the_means_over_pairs) {
  for (const bool squared : {false, true}) {
    for (const bool active : {false, true}) {
      for (const bool one_subgroup : {false, true}) {
        auto pairs = example_pairs(7);
        if (one_subgroup) pairs.subgroups.assign(pairs.size(), 5);
        EXPECT_NEAR(value_of("kindred.contrastive",
                             {{"positive_margin", 0.1},
                              {"negative_margin", 0.9},
                              {"squared", squared},
                              {"average", active ? "active" : "all"}},
                             pairs),
                    contrastive_by_loops(pairs, {0.1, 0.9, squared, active}), 1e-12)
            << squared << active << one_subgroup;
      }
    }
  }
}

// Quaterion has half the mean over all pairs of y d^2 + (1 - y) relu(margin - d)^2: our two means by their
// weights, 2.5 and 1.5 of 4 pairs.
TEST(ContrastiveLoss, over_scored_pairs_has_the_value_of_quaterion) {
  const auto pairs = golden_pairs({1, 0, 0.5, 1});
  const auto part = [&](double positive_margin, double negative_margin) {
    return value_of("kindred.contrastive",
                    {{"squared", true},
                     {"average", "all"},
                     {"positive_margin", positive_margin},
                     {"negative_margin", negative_margin}},
                    pairs);
  };
  const double positive = part(0, -10), negative = part(10, 0.5);
  EXPECT_NEAR(part(0, 0.5), positive + negative, 1e-12);
  EXPECT_NEAR((2.5 * positive + 1.5 * negative) / 4 / 2, 0.088509, 5e-7);
}

TEST(ContrastiveLoss, gives_for_pairs_of_groups_what_it_gives_for_groups) {
  const auto x = testing::random_matrix(6, 5, 8);
  const std::vector<int64_t> label = {0, 0, 0, 1, 1, 1};
  Pairs all, positive;
  for (int64_t i = 0; i < 6; ++i) {
    for (int64_t j = i + 1; j < 6; ++j) {
      const auto row = [&](int64_t k) {
        return Row(x.data_ptr<double>() + 5 * k, x.data_ptr<double>() + 5 * (k + 1));
      };
      const auto group = label[static_cast<size_t>(i)];
      const bool same = group == label[static_cast<size_t>(j)];
      const auto add = [&](Pairs& to, int64_t subgroup) {
        to.a.push_back(row(i)), to.b.push_back(row(j)), to.scores.push_back(same ? 1 : 0);
        to.subgroups.push_back(subgroup), to.a_objects.push_back(i), to.b_objects.push_back(j);
      };
      add(all, 0);
      if (same) add(positive, group);
    }
  }
  for (const auto* average : {"all", "active"}) {
    for (const auto* distance : {"cosine", "euclidean", "snr"}) {
      const json params = {{"average", average}, {"distance", distance}, {"negative_margin", 1.1}};
      const double wanted =
          scored_loss("kindred.contrastive", params)->forward(x, at::tensor(label, at::kLong)).item<double>();
      // With a distance that has two directions the positive pairs are those of one of them.
      if (std::string(distance) != "snr") {
        EXPECT_NEAR(value_of("kindred.contrastive", params, all), wanted, 1e-10) << params;
        EXPECT_NEAR(value_of("kindred.contrastive", params, positive), wanted, 1e-10) << params;
      }
      auto turned = positive, both = positive;
      std::swap(turned.a, turned.b), std::swap(turned.a_objects, turned.b_objects);
      both.a.insert(both.a.end(), turned.a.begin(), turned.a.end());
      both.b.insert(both.b.end(), turned.b.begin(), turned.b.end());
      both.scores.resize(12, 1.0);
      both.subgroups.insert(both.subgroups.end(), turned.subgroups.begin(), turned.subgroups.end());
      both.a_objects.insert(both.a_objects.end(), turned.a_objects.begin(), turned.a_objects.end());
      both.b_objects.insert(both.b_objects.end(), turned.b_objects.begin(), turned.b_objects.end());
      EXPECT_NEAR(value_of("kindred.contrastive", params, both), wanted, 1e-10) << params;
    }
  }
}

TEST(ContrastiveLoss, measures_pairs_and_subgroups_by_one_distance) {
  // Cosines of 0.4 between the subgroups: a distance of 0.6, beyond the margin; Quaterion's is 0.3 there.
  const double sine = std::sqrt(1 - 0.4 * 0.4);
  Pairs pairs = {{{1, 0}, {0.4, sine}}, {{1, 0}, {0.4, sine}}, {1, 1}, {0, 1}, {0, 1}, {2, 3}};
  EXPECT_NEAR(value_of("kindred.contrastive", {{"negative_margin", 0.59}}, pairs), 0, 1e-12);
  EXPECT_NEAR(value_of("kindred.contrastive", {{"negative_margin", 0.7}}, pairs), 0.1, 1e-12);
  // 2^24 and its successor, which are one number in float32.
  pairs.subgroups = {16777216, 16777217};
  EXPECT_NEAR(value_of("kindred.contrastive", {{"negative_margin", 0.7}}, pairs), 0.1, 1e-12);
  pairs.subgroups = {3, 3};
  EXPECT_NEAR(value_of("kindred.contrastive", {{"negative_margin", 0.7}}, pairs), 0, 1e-12);
}

}  // namespace
}  // namespace kindred
