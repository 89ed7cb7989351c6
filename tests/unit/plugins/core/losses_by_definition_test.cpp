#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "double_loss.hpp"
#include "integers.hpp"
#include "kindred/miner.hpp"
#include "mined_batch.hpp"
#include "numeric_gradient.hpp"
#include "scored_pairs.hpp"

// Losses that no peer computes, against plain loops over their formulas.
namespace kindred {
namespace {
using nlohmann::json;
using testing::cosine;
using testing::dot;
using testing::integers;
using testing::make_double_loss;
using testing::random_matrix;
using testing::Row;
using Rows = std::vector<Row>;

const std::vector<int64_t> kLabels = {0, 1, 0, 2, 1, 2, 0, 1, 3};  // the last is alone in its class

at::Tensor labels() { return at::tensor(kLabels, at::kLong); }
at::Tensor embeddings() { return random_matrix(9, 5, 31); }

Rows rows_of(const at::Tensor& x) {
  Rows out;
  for (int64_t i = 0; i < x.size(0); ++i) {
    out.emplace_back();
    for (int64_t j = 0; j < x.size(1); ++j) out.back().push_back(x[i][j].item<double>());
  }
  return out;
}

Row unit(Row x) {
  const double length = std::sqrt(dot(x, x));
  for (auto& value : x) value /= length;
  return x;
}

double euclidean(const Row& x, const Row& y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - y[i]) * (x[i] - y[i]);
  return std::sqrt(sum);
}

double log_sum_exp(const Row& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const auto value : x) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

struct Mean {
  double sum = 0, count = 0;
  void add(double value) { sum += value, ++count; }
  double value() const { return count > 0 ? sum / count : 0; }
};

/// Visits (i, j, whether they are of one class) for all i != j.
void for_pairs(const std::function<void(size_t, size_t, bool)>& visit) {
  for (size_t i = 0; i < kLabels.size(); ++i) {
    for (size_t j = 0; j < kLabels.size(); ++j) {
      if (i != j) visit(i, j, kLabels[i] == kLabels[j]);
    }
  }
}

/// The farthest positive and the nearest negative of each sample; infinite where there is none.
struct Hardest {
  Row positive = Row(kLabels.size(), -std::numeric_limits<double>::infinity()),
      negative = Row(kLabels.size(), std::numeric_limits<double>::infinity());
  explicit Hardest(const std::function<double(size_t, size_t)>& distance) {
    for_pairs([&](size_t i, size_t j, bool same) {
      if (same) positive[i] = std::max(positive[i], distance(i, j));
      if (!same) negative[i] = std::min(negative[i], distance(i, j));
    });
  }
};

double curricular_face(const Rows& x, const Rows& w, double margin, double scale, double t) {
  Mean mean;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto own = static_cast<size_t>(kLabels[i]);
    const double angle = std::acos(cosine(x[i], w[own])) + margin;
    const double target =
        angle <= std::acos(-1.0) ? std::cos(angle) : cosine(x[i], w[own]) - margin * std::sin(margin);
    Row logits = {scale * target};
    for (size_t c = 0; c < w.size(); ++c) {
      if (c == own) continue;
      const double other = cosine(x[i], w[c]);
      logits.push_back(scale * (target >= other ? other : other * (t + other)));
    }
    mean.add(log_sum_exp(logits) - logits[0]);
  }
  return mean.value();
}

TEST(CurricularFaceLoss, equals_its_equations) {
  constexpr double kMargin = 0.4, kScale = 6, kMomentum = 0.3;
  const auto loss =
      make_double_loss("kindred.curricular_face",
                       {{"margin", kMargin}, {"scale", kScale}, {"momentum", kMomentum}}, {5, 5, 9});
  const auto x = rows_of(embeddings()), w = rows_of(loss->parameters().at(0).tensor);
  const auto value = [&] { return loss->forward(embeddings(), labels()).item<double>(); };
  EXPECT_NEAR(value(), curricular_face(x, w, kMargin, kScale, 0), 1e-12);
  Mean own;
  for (size_t i = 0; i < x.size(); ++i) own.add(cosine(x[i], w[static_cast<size_t>(kLabels[i])]));
  loss->train(true);
  double t = 0;
  for (int step = 0; step < 2; ++step) {
    t = kMomentum * own.value() + (1 - kMomentum) * t;
    EXPECT_NEAR(value(), curricular_face(x, w, kMargin, kScale, t), 1e-12) << step;
  }
  loss->train(false);
  EXPECT_NEAR(value(), curricular_face(x, w, kMargin, kScale, t), 1e-12) << "t stays";
}

/// Of the losses whose logits are plain; LibTorch has label smoothing of its own.
TEST(LabelSmoothing, is_that_of_libtorch) {
  constexpr double kSmoothing = 0.3, kTemperature = 0.5, kScale = 6, kMargin = 0.2;
  const Site site{5, 5, 9, {}};
  const auto smoothed = [](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, labels(), {}, at::Reduction::Mean, -100, kSmoothing).item<double>();
  };
  const auto value = [](Loss& loss) { return loss.forward(embeddings(), labels()).item<double>(); };
  const auto cosines = [](Loss& loss) {
    const auto w = loss.parameters().at(0).tensor, x = embeddings();
    return (x / x.norm(2, 1, true)).matmul((w / w.norm(2, 1, true)).t());
  };
  const auto softmax = make_double_loss(
      "kindred.softmax", {{"temperature", kTemperature}, {"label_smoothing", kSmoothing}}, site);
  EXPECT_NEAR(value(*softmax),
              smoothed(embeddings().matmul(softmax->parameters().at(0).tensor.t()) / kTemperature), 1e-12);
  const auto norm_softmax = make_double_loss(
      "kindred.norm_softmax", {{"temperature", kTemperature}, {"label_smoothing", kSmoothing}}, site);
  EXPECT_NEAR(value(*norm_softmax), smoothed(cosines(*norm_softmax) / kTemperature), 1e-12);
  const auto own = at::one_hot(labels(), 5).to(at::kDouble);
  const auto cos_face = make_double_loss(
      "kindred.cos_face", {{"margin", kMargin}, {"scale", kScale}, {"label_smoothing", kSmoothing}}, site);
  EXPECT_NEAR(value(*cos_face), smoothed(kScale * (cosines(*cos_face) - kMargin * own)), 1e-12);
  for (const auto* id : {"kindred.arc_face", "kindred.sub_center_arc_face"}) {
    const auto arc_face =
        make_double_loss(id, {{"margin", kMargin}, {"scale", kScale}, {"label_smoothing", kSmoothing}}, site);
    auto all = cosines(*arc_face).view({9, 5, -1}).amax(2);
    const auto with_margin = (all.clamp(-1, 1).acos() + kMargin).cos();
    EXPECT_NEAR(value(*arc_face), smoothed(kScale * at::where(own.to(at::kBool), with_margin, all)), 1e-9)
        << id;
  }
}

/// From 8,192 samples on the loss computes distances by tiles. They lie on a line, and classes of two beside
/// each other.
TEST(LiftedStructureLoss, of_a_large_batch_equals_its_equations) {
  constexpr int64_t kSamples = 8192;
  constexpr double kMargin = 0.7;
  const auto x = at::arange(kSamples, at::kDouble).mul_(1.7).sin_().view({kSamples, 1});
  const auto labels = at::arange(kSamples, at::kLong).div(2, "floor");
  const auto loss = make_double_loss("kindred.lifted_structure", {{"margin", kMargin}}, {1, 1, 9});
  const at::NoGradGuard no_grad;
  const auto* values = x.data_ptr<double>();
  Mean mean;
  std::vector<double> sums(kSamples);
  for (int64_t i = 0; i < kSamples; ++i) {
    for (int64_t n = 0; n < kSamples; ++n) {
      if (n / 2 != i / 2) sums[static_cast<size_t>(i)] += std::exp(kMargin - std::abs(values[i] - values[n]));
    }
  }
  for (int64_t i = 0; i < kSamples; ++i) {
    const auto j = i ^ 1;
    const double lifted = std::log(sums[static_cast<size_t>(i)] + sums[static_cast<size_t>(j)]) +
                          std::abs(values[i] - values[j]);
    mean.add(std::max(0.0, lifted) * std::max(0.0, lifted) / 2);
  }
  EXPECT_NEAR(loss->forward(x, labels).item<double>(), mean.value(), 1e-6);
}

TEST(OnlineContrastiveLoss, equals_the_means_over_pairs) {
  const auto x = rows_of(embeddings());
  const double margin = 2;
  for (const bool squared : {false, true}) {
    const auto power = [&](double value) { return squared ? value * value : value; };
    const auto distance = [&](size_t i, size_t j) { return euclidean(x[i], x[j]); };
    Mean positive, negative, farthest, nearest;
    for_pairs([&](size_t i, size_t j, bool same) {
      if (same) positive.add(power(distance(i, j)));
      if (!same) negative.add(power(std::max(0.0, margin - distance(i, j))));
    });
    const Hardest hardest(distance);
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isfinite(hardest.positive[i])) farthest.add(power(hardest.positive[i]));
      nearest.add(power(std::max(0.0, margin - hardest.negative[i])));
    }
    const auto value = [&](const char* mining) {
      return testing::make<Loss>("core", "kindred.online_contrastive",
                                 {{"mining", mining},
                                  {"margin", margin},
                                  {"squared", squared},
                                  {"distance", "euclidean"},
                                  {"normalize", false}})
          ->forward(embeddings(), labels())
          .item<double>();
    };
    EXPECT_NEAR(value("all"), (positive.value() + negative.value()) / 2, 1e-12) << squared;
    EXPECT_NEAR(value("hard"), (farthest.value() + nearest.value()) / 2, 1e-12) << squared;
  }
}

TEST(SoftTripleLoss, equals_its_equations) {
  constexpr size_t kClasses = 4, kCenters = 3;
  constexpr double kScale = 5, kGamma = 0.3, kMargin = 0.05, kRegularizer = 0.2;
  const auto loss = make_double_loss("kindred.soft_triple",
                                     {{"centers", kCenters},
                                      {"scale", kScale},
                                      {"gamma", kGamma},
                                      {"margin", kMargin},
                                      {"regularizer", kRegularizer}},
                                     {5, kClasses, 4});
  const auto x = rows_of(embeddings()), w = rows_of(loss->parameters().at(0).tensor);
  Mean mean;
  for (size_t i = 0; i < x.size(); ++i) {
    Row logits;
    for (size_t c = 0; c < kClasses; ++c) {
      double weights = 0, similarity = 0;
      for (size_t k = 0; k < kCenters; ++k) {
        const double s = cosine(x[i], w[c * kCenters + k]);
        weights += std::exp(s / kGamma);
        similarity += std::exp(s / kGamma) * s;
      }
      const bool own = static_cast<size_t>(kLabels[i]) == c;
      logits.push_back(kScale * (similarity / weights - (own ? kMargin : 0)));
    }
    mean.add(log_sum_exp(logits) - logits[static_cast<size_t>(kLabels[i])]);
  }
  double spread = 0;
  for (size_t c = 0; c < kClasses; ++c) {
    for (size_t k = 0; k < kCenters; ++k) {
      for (size_t other = k + 1; other < kCenters; ++other)
        spread += euclidean(unit(w[c * kCenters + k]), unit(w[c * kCenters + other]));
    }
  }
  spread /= static_cast<double>(kClasses * kCenters * (kCenters - 1));
  EXPECT_NEAR(loss->forward(embeddings(), labels()).item<double>(), mean.value() + kRegularizer * spread,
              1e-12);
}

struct Triplet {
  size_t a, p, n;
};

std::vector<Triplet> all_triplets() {
  std::vector<Triplet> all;
  for_pairs([&](size_t a, size_t p, bool same) {
    for (size_t n = 0; same && n < kLabels.size(); ++n) {
      if (kLabels[n] != kLabels[a]) all.push_back({a, p, n});
    }
  });
  return all;
}

/// Every third one, so that pairs are in several triplets, and in unequal numbers of them.
std::vector<Triplet> some_triplets() {
  std::vector<Triplet> some;
  const auto all = all_triplets();
  for (size_t i = 0; i < all.size(); i += 3) some.push_back(all[i]);
  return some;
}

PairBatch batch_of(const at::Tensor& x, const std::vector<Triplet>& triplets) {
  std::vector<int64_t> a, p, n;
  for (const auto& one : triplets) {
    a.push_back(static_cast<int64_t>(one.a));
    p.push_back(static_cast<int64_t>(one.p));
    n.push_back(static_cast<int64_t>(one.n));
  }
  const Triplets chosen = {integers(a), integers(p), integers(n)};
  return {x, x, masks_of(chosen, x.size(0), x.size(0)), chosen};
}

TEST(MarginLoss, equals_the_sum_over_triplets_with_a_learnt_boundary) {
  constexpr double kMargin = 0.25, kNu = 0.3, kBeta = 0.9;
  const auto x = rows_of(embeddings());
  const auto loss = make_double_loss(
      "kindred.margin", {{"margin", kMargin}, {"beta", 1.4}, {"learn_beta", true}, {"nu", kNu}}, {});
  auto beta = loss->parameters().at(0).tensor;
  beta.set_data(at::full({}, kBeta, at::kDouble));
  beta.requires_grad_(true);
  for (const bool mined : {false, true}) {
    double sum = 0, active = 0, slope = 0;
    for (const auto& [a, p, n] : mined ? some_triplets() : all_triplets()) {
      const double positive = euclidean(unit(x[a]), unit(x[p])) - kBeta + kMargin,
                   negative = kBeta - euclidean(unit(x[a]), unit(x[n])) + kMargin;
      sum += std::max(0.0, positive) + std::max(0.0, negative);
      active += (positive > 0) + (negative > 0);
      slope += (negative > 0) - (positive > 0);
    }
    const auto value = mined ? loss->forward_pairs(batch_of(embeddings(), some_triplets()))
                             : loss->forward(embeddings(), labels());
    EXPECT_NEAR(value.item<double>(), sum / active + kNu * kBeta, 1e-12) << mined;
    beta.mutable_grad() = at::Tensor();
    value.backward();
    EXPECT_NEAR(beta.grad().item<double>(), slope / active + kNu, 1e-12) << mined;
  }
}

TEST(TripletLoss, soft_equals_the_mean_over_anchors_or_triplets) {
  const auto x = rows_of(embeddings());
  const auto distance = [&](size_t i, size_t j) { return euclidean(x[i], x[j]); };
  Mean anchors, triplets;
  const Hardest hardest(distance);
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isfinite(hardest.positive[i]))
      anchors.add(std::log1p(std::exp(hardest.positive[i] - hardest.negative[i])));
  }
  for (const auto& [a, p, n] : some_triplets())
    triplets.add(std::log1p(std::exp(distance(a, p) - distance(a, n))));
  const auto loss = testing::make<Loss>("core", "kindred.triplet",
                                        {{"soft", true}, {"distance", "euclidean"}, {"normalize", false}});
  EXPECT_EQ(anchors.count, 8) << "the sample that is alone is no anchor";
  EXPECT_NEAR(loss->forward(embeddings(), labels()).item<double>(), anchors.value(), 1e-12);
  EXPECT_NEAR(loss->forward_pairs(pair_batch(embeddings(), labels())).item<double>(), anchors.value(), 1e-12);
  EXPECT_NEAR(loss->forward_pairs(batch_of(embeddings(), some_triplets())).item<double>(), triplets.value(),
              1e-12);
}

TEST(TripletLoss, soft_equals_the_mean_over_all_or_the_semi_hard_triplets) {
  const auto x = rows_of(embeddings());
  constexpr double kMargin = 0.7;
  for (const bool semi_hard : {false, true}) {
    Mean mean;
    for (const auto& [a, p, n] : all_triplets()) {
      const double gap = euclidean(x[a], x[p]) - euclidean(x[a], x[n]);
      if (!semi_hard || (gap < 0 && gap > -kMargin)) mean.add(std::log1p(std::exp(gap)));
    }
    ASSERT_GT(mean.count, 0);
    const auto loss = testing::make<Loss>("core", "kindred.triplet",
                                          {{"soft", true},
                                           {"mining", semi_hard ? "semi_hard" : "all"},
                                           {"margin", kMargin},
                                           {"distance", "euclidean"},
                                           {"normalize", false}});
    EXPECT_NEAR(loss->forward(embeddings(), labels()).item<double>(), mean.value(), 1e-12) << semi_hard;
  }
}

TEST(NPairsLoss, equals_its_equations) {
  const auto x = rows_of(embeddings());
  // The first two samples of each class that has two.
  const size_t anchors[] = {0, 1, 3}, positives[] = {2, 4, 5};
  for (const bool normalize : {false, true}) {
    constexpr double kScale = 1.7, kWeight = 0.05;
    const auto row = [&](size_t i) { return normalize ? unit(x[i]) : x[i]; };
    Mean mean;
    double squares = 0;
    for (size_t i = 0; i < 3; ++i) {
      Row logits;
      for (const auto p : positives) logits.push_back(kScale * dot(row(anchors[i]), row(p)));
      mean.add(log_sum_exp(logits) - logits[i]);
      squares += dot(row(anchors[i]), row(anchors[i])) + dot(row(positives[i]), row(positives[i]));
    }
    const auto loss = testing::make<Loss>(
        "core", "kindred.n_pairs", {{"normalize", normalize}, {"scale", kScale}, {"l2_weight", kWeight}});
    EXPECT_NEAR(loss->forward(embeddings(), labels()).item<double>(), mean.value() + kWeight * squares / 6,
                1e-12)
        << normalize;
  }
}

/// With the factors of the similarities of `fixed`.
double circle(const Rows& x, const Rows& fixed, double m, double gamma) {
  Rows positives(x.size()), negatives(x.size());
  for_pairs([&](size_t i, size_t j, bool same) {
    const double s = cosine(x[i], x[j]), constant = cosine(fixed[i], fixed[j]);
    if (same) positives[i].push_back(-gamma * std::max(0.0, 1 + m - constant) * (s - (1 - m)));
    if (!same) negatives[i].push_back(gamma * std::max(0.0, constant + m) * (s - m));
  });
  Mean mean;
  for (size_t i = 0; i < x.size(); ++i) {
    if (positives[i].empty() || negatives[i].empty()) continue;
    mean.add(std::log1p(std::exp(log_sum_exp(positives[i]) + log_sum_exp(negatives[i]))));
  }
  return mean.value();
}

TEST(CircleLoss, equals_its_equations_with_constant_factors_in_the_gradient) {
  constexpr double kRelaxation = 0.3, kGamma = 4, kStep = 1e-6;
  const auto loss =
      testing::make<Loss>("core", "kindred.circle", {{"relaxation", kRelaxation}, {"gamma", kGamma}});
  auto x = embeddings().requires_grad_(true);
  const auto value = loss->forward(x, labels());
  value.backward();
  const auto rows = rows_of(x.detach());
  EXPECT_NEAR(value.item<double>(), circle(rows, rows, kRelaxation, kGamma), 1e-12);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows[i].size(); ++j) {
      const auto moved = [&](double by) {
        auto other = rows;
        other[i][j] += by;
        return circle(other, rows, kRelaxation, kGamma);
      };
      EXPECT_NEAR(x.grad()[static_cast<int64_t>(i)][static_cast<int64_t>(j)].item<double>(),
                  (moved(kStep) - moved(-kStep)) / (2 * kStep), 1e-7)
          << i << " " << j;
    }
  }
}

}  // namespace
}  // namespace kindred
