#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "double_loss.hpp"
#include "integers.hpp"
#include "kindred/miner.hpp"
#include "mined_batch.hpp"
#include "numeric_gradient.hpp"

// Any miner goes with any loss over pairs or triplets, with and without rows of earlier batches.
namespace kindred {
namespace {
using testing::integers;
using testing::make_double_loss;
using testing::random_matrix;

/// Of the core plugin.
std::vector<std::string> ids_of(const std::string& kind) {
  const std::string path = std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so";
  const auto* plugin = static_cast<const kindred_plugin*>(
      dlsym(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL), "kindred_plugin_v1"));
  std::vector<std::string> ids;
  for (auto it = plugin->components; it != plugin->components_end; ++it) {
    if (*it != nullptr && kind == (*it)->kind) ids.emplace_back((*it)->id);
  }
  return ids;
}

const Site kSite = {5, 4, 1};

std::vector<std::string> losses_over_pairs() {
  std::vector<std::string> ids;
  for (const auto& id : ids_of(Loss::kKind)) {
    if (testing::make<Loss>("core", id, nlohmann::json::object(), kSite)->traits().pairs) ids.push_back(id);
  }
  return ids;
}

const int64_t kRows = 8;

/// One sample is alone, but for the earlier rows.
struct Labels {
  at::Tensor batch = integers({0, 1, 0, 2, 1, 2, 0, 3}), earlier = integers({1, 3, 0, 2, 7});
};

/// References are the embeddings and, with a memory, earlier rows, some of which are of their classes.
PairBatch batch_of(const at::Tensor& x, const Labels& labels, bool memory) {
  if (!memory) return pair_batch(x, labels.batch);
  const auto all = at::cat({labels.batch, labels.earlier});
  const auto same = labels.batch.unsqueeze(1) == all.unsqueeze(0);
  auto positive = same.clone();
  positive.slice(1, 0, kRows).fill_diagonal_(false);
  const auto earlier = random_matrix(labels.earlier.numel(), x.size(1), 12).to(x.scalar_type());
  return {x, at::cat({x, earlier}), {positive, same.logical_not()}, {}};
}

PairBatch mined_batch(const std::string& miner, const PairBatch& batch) {
  at::manual_seed(3);  // for those that draw
  return testing::mined_batch(*testing::make<Miner>("core", miner, nlohmann::json::object(), kSite), batch);
}

/// With the pairs of `mined` fixed, the gradient along one direction against the difference of two values.
void expect_slope(Loss& loss, const PairBatch& mined, const Labels& labels, bool memory,
                  const std::string& what) {
  const auto value_at = [&](const at::Tensor& x) {
    auto batch = batch_of(x, labels, memory);
    batch.masks = mined.masks;
    batch.triplets = mined.triplets;
    return loss.forward_pairs(batch);
  };
  const auto x = mined.embeddings.detach().clone().requires_grad_(true);
  const auto value = value_at(x);
  value.backward();
  ASSERT_TRUE(value.isfinite().item<bool>() && x.grad().isfinite().all().item<bool>()) << what;
  if (loss.traits().constant_factors) return;
  at::NoGradGuard no_grad;
  const double step = 1e-6;
  const auto direction = random_matrix(x.size(0), x.size(1), 6);
  const double slope =
      (value_at(x + step * direction) - value_at(x - step * direction)).item<double>() / (2 * step);
  EXPECT_NEAR((x.grad() * direction).sum().item<double>(), slope, 1e-6 * (1 + std::abs(slope))) << what;
}

TEST(LossesWithMiners, have_the_gradients_of_finite_differences) {
  const Labels labels;
  const auto x = random_matrix(kRows, 5, 11);
  const auto losses = losses_over_pairs(), miners = ids_of(Miner::kKind);
  ASSERT_GE(losses.size(), 15U);
  ASSERT_GE(miners.size(), 10U);
  for (const auto& id : losses) {
    const auto loss = make_double_loss(id.c_str(), nlohmann::json::object(), kSite);
    for (const bool memory : {false, true}) {
      for (const auto& miner : miners) {
        const auto what = id + " with " + miner + (memory ? " and earlier rows" : "");
        const auto mined = mined_batch(miner, batch_of(x, labels, memory));
        EXPECT_TRUE(mined.masks.positive.any().item<bool>() || mined.masks.negative.any().item<bool>())
            << what;
        expect_slope(*loss, mined, labels, memory, what);
      }
    }
  }
}

TEST(LossesWithMiners, are_finite_where_nothing_or_half_is_kept) {
  const Labels kinds[] = {{at::arange(kRows, at::kLong), at::arange(20, 25, at::kLong)},
                          {at::zeros({kRows}, at::kLong), at::zeros({5}, at::kLong)}};
  for (const auto& id : losses_over_pairs()) {
    const auto loss = testing::make<Loss>("core", id, nlohmann::json::object(), kSite);
    for (const auto& labels : kinds) {
      for (const bool memory : {false, true}) {
        for (const auto& miner : ids_of(Miner::kKind)) {
          auto x = random_matrix(kRows, 5, 11).to(at::kFloat).requires_grad_(true);
          const auto value = loss->forward_pairs(mined_batch(miner, batch_of(x, labels, memory)));
          ASSERT_TRUE(value.requires_grad()) << id << " with " << miner;
          value.backward();
          EXPECT_TRUE(value.isfinite().item<bool>()) << id << " with " << miner;
          EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << id << " with " << miner;
        }
      }
    }
  }
}

TEST(LossesWithMemory, do_not_see_earlier_rows_that_are_in_no_pair) {
  const Labels labels;
  for (const auto& id : losses_over_pairs()) {
    const auto loss = make_double_loss(id.c_str(), nlohmann::json::object(), kSite);
    const auto result = [&](bool memory) {
      auto x = random_matrix(kRows, 5, 11).requires_grad_(true);
      auto batch = batch_of(x, labels, memory);
      batch.masks.positive.slice(1, kRows).fill_(false);
      batch.masks.negative.slice(1, kRows).fill_(false);
      const auto value = loss->forward_pairs(batch);
      value.backward();
      return std::pair{value.item<double>(), x.grad()};
    };
    const auto [alone, gradient] = result(false);
    const auto [value, other] = result(true);
    EXPECT_NEAR(value, alone, 1e-12 * (1 + alone)) << id;
    EXPECT_LT((other - gradient).abs().max().item<double>(), 1e-10) << id;
  }
}

TEST(TripletLoss, soft_compares_with_earlier_rows) {
  const auto x = random_matrix(kRows, 5, 11);
  const auto batch = batch_of(x, {}, true);
  const auto distance = at::cdist(x, batch.references);
  constexpr double kMargin = 0.6;
  for (const bool semi_hard : {false, true}) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t a = 0; a < kRows; ++a) {
      for (int64_t p = 0; p < batch.references.size(0); ++p) {
        for (int64_t n = 0; n < batch.references.size(0); ++n) {
          const double gap = (distance[a][p] - distance[a][n]).item<double>();
          const bool counts = !semi_hard || (gap < 0 && gap > -kMargin);
          if (!counts || !batch.masks.positive[a][p].item<bool>() || !batch.masks.negative[a][n].item<bool>())
            continue;
          sum += std::log1p(std::exp(gap));
          ++count;
        }
      }
    }
    ASSERT_GT(count, 0);
    const auto loss = make_double_loss("kindred.triplet",
                                       {{"soft", true},
                                        {"mining", semi_hard ? "semi_hard" : "all"},
                                        {"margin", kMargin},
                                        {"distance", "euclidean"},
                                        {"normalize", false}},
                                       kSite);
    EXPECT_NEAR(loss->forward_pairs(batch).item<double>(), sum / static_cast<double>(count), 1e-10)
        << semi_hard;
  }
}

}  // namespace
}  // namespace kindred
