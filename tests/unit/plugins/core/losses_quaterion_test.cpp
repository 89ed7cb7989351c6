#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "component.hpp"
#include "integers.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/metric.hpp"
#include "kindred/miner.hpp"
#include "mined_batch.hpp"
#include "ranking.hpp"
#include "scored_pairs.hpp"

// Values of Quaterion 0.1.35's losses and metrics, those with defects after mending, from a plain script in
// float64. Left out, because it means something else on purpose: Contrastive with subgroups, which adds to
// every pair the nearest object of another subgroup, where every two objects without a common one are a pair
// here (scored_contrastive_test.cpp). MultipleNegativesRanking is in scored_losses_test.cpp.
namespace kindred {
namespace {
using nlohmann::json;
using testing::integers;

constexpr double kDigits = 6e-7;  // six decimals are known

at::Tensor matrix(const std::vector<double>& values, int64_t rows) {
  return at::tensor(values, at::kDouble).reshape({rows, -1});
}

at::Tensor eight_embeddings() {
  return matrix(
      {1, 0, .5, .2, 1, -.3, -.5, .4, 1, .9, .1, .4, 0, 1.2, .1, -.6, .2, .8, .7, .6, .1, -.1, .5, .9}, 8);
}
at::Tensor groups() { return integers({0, 1, 2, 0, 1, 2, 1, 0}); }
at::Tensor weights() { return matrix({.5, -.2, .1, .3, .8, -.4, -.1, .2, .9}, 3); }

/// A distance of Quaterion's. Its cosine distance in matrices is half of ours, (1 - cos) / 2, which is the
/// squared distance of two vectors of length one half.
struct Measure {
  const char* name;
  at::Tensor x;
  json params;
};
std::vector<Measure> measures() {
  const auto of = [](const char* distance) { return json{{"distance", distance}, {"normalize", false}}; };
  return {{"cosine", l2_normalized(eight_embeddings()) / 2, of("squared_euclidean")},
          {"euclidean", eight_embeddings(), of("euclidean")},
          {"manhattan", eight_embeddings(), of("manhattan")}};
}

double value_of(const char* loss, const Measure& measure, json params = json::object()) {
  params.update(measure.params);
  return testing::make<Loss>("core", loss, params)->forward(measure.x, groups()).item<double>();
}

TEST(LossesOfQuaterion, triplet) {
  const double hard[] = {1.064391, 0.720150, 0.715278}, soft[] = {0.724818, 0.788612, 0.866758},
               all[] = {0.306718, 0.498284, 0.674074};
  const auto list = measures();
  for (size_t i = 0; i < list.size(); ++i) {
    EXPECT_NEAR(value_of("kindred.triplet", list[i]), hard[i], kDigits) << list[i].name;
    EXPECT_NEAR(value_of("kindred.triplet", list[i], {{"soft", true}}), soft[i], kDigits) << list[i].name;
    EXPECT_NEAR(value_of("kindred.triplet", list[i], {{"mining", "all"}}), all[i], kDigits) << list[i].name;
  }
}

// What its semi_hard mining was before it mixed the anchors.
TEST(LossesOfQuaterion, triplet_by_the_rule_of_face_net) {
  const double expected[] = {0.367118, 0.225680, 0.242857};
  const auto list = measures();
  for (size_t i = 0; i < list.size(); ++i) {
    auto params = list[i].params;
    const auto miner = testing::make<Miner>("core", "kindred.semi_hard", params);
    params.update({{"mining", "all"}, {"average", "all"}});
    const auto batch = testing::mined_batch(*miner, pair_batch(list[i].x, groups()));
    EXPECT_NEAR(testing::make<Loss>("core", "kindred.triplet", params)->forward_pairs(batch).item<double>(),
                expected[i], kDigits)
        << list[i].name;
  }
}

TEST(LossesOfQuaterion, online_contrastive) {
  const auto cosine = measures()[0];
  EXPECT_NEAR(value_of("kindred.online_contrastive", cosine, {{"mining", "all"}}), 0.140297, kDigits);
  EXPECT_NEAR(value_of("kindred.online_contrastive", cosine), 0.277220, kDigits);
}

// One mean over all pairs, halved, where ours is one over the similar and one over the dissimilar pairs.
TEST(LossesOfQuaterion, contrastive) {
  const auto pairs = testing::golden_pairs({1, 0, 0.5, 1});
  const auto term = [&](const char* margin, double off) {
    return testing::value_of("kindred.contrastive", {{"squared", true}, {"average", "all"}, {margin, off}},
                             pairs);
  };
  const double similar = term("negative_margin", -1000), dissimilar = term("positive_margin", 1000);
  EXPECT_NEAR((2.5 * similar + 1.5 * dissimilar) / 4 / 2, 0.088509, kDigits);
}

/// The loss of one anchor with these similarities to its references; the anchor itself is the first of them.
double circle(const at::Tensor& similarities, const at::Tensor& positive) {
  const auto others = at::stack({similarities, (1 - similarities.square()).sqrt()}, 1);
  const auto anchor = matrix({1, 0}, 1), none = at::zeros({1}, at::kBool);
  const PairMasks masks = {at::cat({none, positive}).unsqueeze(0),
                           at::cat({none, positive.logical_not()}).unsqueeze(0)};
  return testing::make<Loss>("core", "kindred.circle", {{"relaxation", 0.25}, {"gamma", 256.0}})
      ->forward_pairs({anchor, at::cat({anchor, others}), masks, {}})
      .item<double>();
}

// It takes all pairs of a batch at once, where ours is a mean over anchors: all of its pairs are given to
// one.
TEST(LossesOfQuaterion, circle) {
  const auto x = l2_normalized(eight_embeddings());
  const auto upper = at::ones({8, 8}, at::kBool).triu(1);
  const auto similarities = x.matmul(x.t()).masked_select(upper);
  const auto positive = (groups().unsqueeze(0) == groups().unsqueeze(1)).masked_select(upper);
  EXPECT_NEAR(circle(similarities, positive), 316.93189, 6e-6);
  EXPECT_NEAR(circle((similarities + 1) / 2, positive), 239.41553, 6e-6) << "its similarities go from 0 to 1";
}

TEST(LossesOfQuaterion, fast_ap) {
  const Measure plain = {"", eight_embeddings(), json::object()};
  EXPECT_NEAR(value_of("kindred.fast_ap", plain, {{"bins", 10}}), 0.313993, kDigits);
  EXPECT_NEAR(value_of("kindred.fast_ap", plain, {{"bins", 5}}), 0.408527, kDigits);
}

double of_classes(const char* id, const at::Tensor& proxies) {
  const auto loss = testing::make<Loss>("core", id, json::object(), {3, 3, 0});
  loss->parameters().at(0).tensor.set_data(proxies);
  return loss->forward(eight_embeddings(), groups()).item<double>();
}

TEST(LossesOfQuaterion, with_class_proxies) {
  const auto columns = weights().t().contiguous();
  EXPECT_NEAR(of_classes("kindred.arc_face", columns), 29.105677, kDigits);
  EXPECT_NEAR(of_classes("kindred.cos_face", columns), 23.726388, kDigits);
  EXPECT_NEAR(of_classes("kindred.softmax", columns), 2.322694, kDigits);
  // A mean over the components too.
  EXPECT_NEAR(of_classes("kindred.center", weights()) / 3, 0.069915, kDigits);
}

TEST(MetricsOfQuaterion, r_precision) {
  const auto ranking = testing::ranked_by_cosine(eight_embeddings(), groups());
  const auto values = testing::make<Metric>("core", "kindred.r_precision")->per_query(ranking);
  const auto counts = ranking.relevant_count.to(at::kDouble);
  EXPECT_NEAR(values.mean().item<double>(), 0.625, kDigits);
  EXPECT_NEAR(((values * counts).sum() / counts.sum()).item<double>(), 0.571429, kDigits) << "pooled";
}

TEST(MetricsOfQuaterion, of_pairs) {
  // Rows 0 and 3 are a pair, 1 and 4, 2 and 6, 5 and 7.
  const auto ranking = testing::ranked_by_cosine(eight_embeddings(), integers({0, 1, 2, 0, 1, 5, 2, 5}));
  EXPECT_TRUE(at::equal(ranking.first_relevant, integers({1, 1, 7, 1, 1, 2, 6, 2})));
  const auto mean = [&](const char* id, const json& params = json::object()) {
    return testing::make<Metric>("core", id, params)->per_query(ranking).mean().item<double>();
  };
  EXPECT_NEAR(mean("kindred.mean_reciprocal_rank"), 0.663690, kDigits);
  EXPECT_NEAR(mean("kindred.precision_at_k", {{"k", 1}}), 0.5, kDigits);
  EXPECT_NEAR(mean("kindred.precision_at_k", {{"k", 2}}), 0.375, kDigits);
}

}  // namespace
}  // namespace kindred
