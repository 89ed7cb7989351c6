#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "kindred/miner.hpp"
#include "mined_batch.hpp"
#include "sine_fixture.hpp"

// Values of losses as pytorch-metric-learning 2.8.1 computes them in float64 (the soft triplet loss as
// open-metric-learning 4.0.0; Smooth-AP, softmax: by their formulas), with the Frobenius norm of the
// gradient. One of the nine samples is alone in its class, so that they tell which anchors are averaged over.
// Of what is known of these samples, triplets with a swapped anchor, softplus with a margin, VICReg, NCA,
// threshold-consistent margins, PNP, surrogate precision and dlib's loss have no component.
namespace kindred {
namespace {
using nlohmann::json;

struct Case {
  const char* loss;
  json params;
  double value, gradient_norm;
  int64_t proxies = 0;
  const char* miner = nullptr;
};

TEST(SineFixture, is_the_one_that_values_are_known_for) {
  const auto x = testing::sine_embeddings();
  const auto first = l2_normalized(x).select(0, 0),
             similarities = 1 - distance_matrix(Distance::cosine, x, x)[0];
  const double e[] = {0, .751155, .654341, -.087201};
  const double s[] = {1, .461263, .4446, .533423, -.20616, -.016668, -.260503, -.902631, -.050697};
  for (int64_t i = 0; i < 4; ++i) EXPECT_NEAR(first[i].item<double>(), e[i], 5e-7);
  for (int64_t i = 0; i < 9; ++i) EXPECT_NEAR(similarities[i].item<double>(), s[i], 5e-7);
}

at::Tensor value_of(Loss& loss, const Case& one, const at::Tensor& x) {
  if (one.miner == nullptr) return loss.forward(x, testing::sine_labels());
  const auto miner = testing::make<Miner>("core", one.miner);
  return loss.forward_pairs(testing::mined_batch(*miner, pair_batch(x, testing::sine_labels())));
}

TEST(LossesOfPeers, value_and_gradient_norm) {
  const double arc_margin = 28.6 * 3.14159265358979323846 / 180,
               tuplet_margin = 5.73 * 3.14159265358979323846 / 180;
  const auto triplet = [](double margin) {
    return json{{"mining", "all"}, {"margin", margin}, {"distance", "euclidean"}};
  };
  const json raw_soft = {{"soft", true}, {"distance", "euclidean"}, {"normalize", false}};
  const json batch_hard = {
      {"margin", 0.2}, {"distance", "euclidean"}, {"scale_by_negatives", false}, {"average", "active"}};
  const std::vector<Case> cases = {
      {"kindred.triplet", triplet(0.05), 0.27473100, 1.12327850},
      {"kindred.triplet", triplet(0.2), 0.29353119, 0.97090335},
      {"kindred.triplet", batch_hard, 0.46011097, 1.06325355},
      {"kindred.triplet", triplet(0.2), 0.46011097, 1.06325355, 0, "kindred.batch_hard"},
      {"kindred.triplet", raw_soft, 0.90992072, 0.50185151, 0, "kindred.batch_hard"},
      {"kindred.contrastive", {{"distance", "euclidean"}, {"negative_margin", 1.0}}, 1.22043872, 0.98598672},
      {"kindred.contrastive", {{"negative_margin", 1.0}}, 1.10123176, 0.89035100},
      {"kindred.nt_xent", json::object(), 3.23194398, 9.75255431},
      {"kindred.supervised_contrastive", json::object(), 2.53214154, 5.49791277},
      {"kindred.multi_similarity", {{"mining", false}}, 0.64112118, 0.66842175},
      {"kindred.multi_similarity", json::object(), 0.58791968, 0.70346537},
      {"kindred.multi_similarity",
       {{"mining", false}},
       0.58791968,
       0.70346537,
       0,
       "kindred.multi_similarity"},
      {"kindred.circle", json::object(), 46.50620214, 113.75057317},
      {"kindred.arc_face", {{"margin", arc_margin}}, 5.21541473, 38.70029430, 4},
      {"kindred.cos_face", json::object(), 3.04273270, 35.84519152, 4},
      {"kindred.sub_center_arc_face", {{"margin", arc_margin}}, 50.72110905, 41.72835498, 12},
      {"kindred.proxy_nca_plus_plus", {{"scale", 1.0}}, 0.55016014, 0.39655293, 4},
      {"kindred.proxy_nca_plus_plus", {{"scale", 8.0}}, 0.01671982, 0.87222347, 4},
      {"kindred.proxy_anchor", json::object(), 19.65730618, 8.33254052, 4},
      {"kindred.soft_triple", {{"centers", 3}}, 9.19215271, 15.17557953, 12},
      {"kindred.n_pairs", {{"scale", 1.0}}, 0.76398539, 0.28742560},
      {"kindred.lifted_structure", {{"normalize", true}}, 5.19342325, 2.76195461},
      {"kindred.lifted_structure", {{"normalize", true}, {"generalized", true}}, 2.88711159, 0.73797038},
      {"kindred.fast_ap", json::object(), 0.51350200, 0.88176685},
      {"kindred.smooth_ap", json::object(), 0.35120318, 1.03842027},
      {"kindred.smooth_ap", {{"temperature", 0.1}}, 0.42485544, 0.75051574},
      {"kindred.margin", json::object(), 0.20729408, 0.64191562},
      {"kindred.angular", {{"normalize_negatives", false}}, 3.93181174, 3.08262929},
      {"kindred.softmax", {{"temperature", 1.0}}, 0.51222292, 0.18323995, 4},
      {"kindred.norm_softmax", json::object(), 0.00864612, 0.66124306, 4},
      {"kindred.tuplet_margin", {{"margin", tuplet_margin}}, 9.22075967, 35.03671464},
      {"kindred.signal_to_noise", json::object(), 2.48270732, 2.01813253}};
  for (const auto& one : cases) {
    auto x = testing::sine_embeddings().requires_grad_(true);
    const auto loss = testing::make<Loss>("core", one.loss, one.params, {4, 4, 0});
    if (one.proxies > 0) loss->parameters().at(0).tensor.set_data(testing::sine_proxies(one.proxies));
    const auto value = value_of(*loss, one, x);
    value.backward();
    EXPECT_NEAR(value.item<double>(), one.value, 2e-8 * (1 + one.value)) << one.loss << " " << one.params;
    EXPECT_NEAR(x.grad().norm().item<double>(), one.gradient_norm, 2e-8 * (1 + one.gradient_norm))
        << one.loss << " " << one.params;
  }
}

TEST(LossesOfPeers, center_loss_is_half_the_mean_squared_distance) {
  const auto loss = testing::make<Loss>("core", "kindred.center", {{"normalize", false}}, {4, 4, 0});
  loss->parameters().at(0).tensor.set_data(testing::sine_proxies(4));
  auto x = testing::sine_embeddings().requires_grad_(true);
  const auto sum = loss->forward(x, testing::sine_labels()) * 9;
  sum.backward();
  EXPECT_NEAR(sum.item<double>(), 11.39839886, 1e-8);
  EXPECT_NEAR(x.grad().norm().item<double>(), 4.77459922, 1e-8);
}

}  // namespace
}  // namespace kindred
