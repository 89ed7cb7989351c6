#include "host/training/training_loss.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../distributed/thread_communicator.hpp"
#include "host/distributed/local_communicator.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/model.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;

class TrainingLossTest : public ::testing::Test {
 protected:
  LossSpec spec(const std::string& id, const nlohmann::json& params = nlohmann::json::object()) const {
    LossSpec made;
    made.info = catalog_.find("loss", id);
    made.params = params;
    return made;
  }

  TrainingLoss loss(const std::vector<LossSpec>& specs) const {
    TrainingOptions options;
    options.losses = specs;
    return {catalog_, options, 8, labels_, at::kCPU};
  }

  double value(const LossSpec& one, const at::Tensor& rows) const {
    auto made = TrainingLoss(catalog_, options_of(one), rows.size(1), labels_, at::kCPU);
    return made.forward(rows, labels_, samples_, 0, alone_).item<double>();
  }

  static TrainingOptions options_of(const LossSpec& one) {
    TrainingOptions options;
    options.losses = {one};
    return options;
  }

  mutable LocalCommunicator alone_;
  const Catalog catalog_ = Catalog::load_file(std::string(KINDRED_TEST_PLUGINS) + "/core.kindred.so");
  const at::Tensor labels_ = at::arange(12, at::kLong).remainder(3), samples_ = at::arange(12, at::kLong);
  const at::Tensor rows_ = at::arange(96, at::kDouble).mul(0.37).sin().to(at::kFloat).view({12, 8});
};

TEST_F(TrainingLossTest, of_several_beginnings_is_the_weighted_sum_of_the_losses_of_each) {
  for (const auto* id : {"kindred.triplet", "kindred.supervised_contrastive", "kindred.proxy_anchor"}) {
    auto nested = spec(id);
    nested.weight = 0.5;
    nested.matryoshka = MatryoshkaOptions{{2, 5, 8}, {1, 2, 4}};
    double expected = 0;
    for (const auto& [dimension, weight] : {std::pair<int64_t, double>{2, 1}, {5, 2}, {8, 4}})
      expected += 0.5 * weight * value(spec(id), rows_.slice(1, 0, dimension).contiguous());
    EXPECT_NEAR(value(nested, rows_), expected, 1e-5 * expected) << id;
  }
}

TEST_F(TrainingLossTest, of_several_beginnings_leaves_the_rest_of_the_embedding_alone) {
  auto nested = spec("kindred.supervised_contrastive");
  nested.matryoshka = MatryoshkaOptions{{2, 4}, {}};
  auto made = loss({nested});
  const auto rows = rows_.clone().requires_grad_(true);
  made.forward(rows, labels_, samples_, 0, alone_).backward();
  EXPECT_EQ(rows.grad().slice(1, 4).abs().max().item<double>(), 0);
  EXPECT_GT(rows.grad().slice(1, 2, 4).abs().min().item<double>(), 0);
}

TEST_F(TrainingLossTest, of_several_beginnings_has_proxies_and_memories_of_their_lengths) {
  auto proxies = spec("kindred.proxy_anchor"), remembering = spec("kindred.supervised_contrastive");
  proxies.matryoshka = MatryoshkaOptions{{3, 8}, {}};
  remembering.matryoshka = MatryoshkaOptions{{2, 4}, {}};
  remembering.memory = MemoryOptions{16, 0};
  auto made = loss({proxies, remembering});
  std::vector<int64_t> widths;
  for (const auto& one : made.parameters()) widths.push_back(one.tensor.size(1));
  EXPECT_THAT(widths, ElementsAre(3, 8));
  EXPECT_EQ(made.name(), "kindred.proxy_anchor + kindred.supervised_contrastive");
  for (int step = 0; step < 3; ++step) made.forward(rows_, labels_, samples_ + 12 * step, step, alone_);
  std::vector<int64_t> remembered;
  for (const auto& one : made.memories()) {
    if (one.tensor.dim() == 2) remembered.push_back(one.tensor.size(1));
  }
  EXPECT_THAT(remembered, ElementsAre(2, 4));
}

TEST_F(TrainingLossTest, of_pairs_sees_the_beginnings_of_both_objects) {
  auto nested = spec("kindred.multiple_negatives_ranking");
  nested.matryoshka = MatryoshkaOptions{{2, 8}, {}};
  const auto pairs = [&](int64_t dimension) {
    const auto a = rows_.slice(0, 0, 6).slice(1, 0, dimension).contiguous(),
               b = rows_.slice(0, 6).slice(1, 0, dimension).contiguous();
    return ScoredPairs{a,
                       b,
                       at::ones({6}),
                       at::arange(6, at::kLong),
                       at::arange(6, at::kLong),
                       at::arange(6, 12, at::kLong)};
  };
  double expected = 0;
  for (const int64_t dimension : {2, 8}) {
    auto one = TrainingLoss(catalog_, options_of(spec("kindred.multiple_negatives_ranking")), dimension,
                            labels_, at::kCPU);
    expected += one.forward(pairs(dimension)).item<double>();
  }
  EXPECT_NEAR(loss({nested}).forward(pairs(8)).item<double>(), expected, 1e-5 * expected);
}

/// A batch that is large enough to be divided among three processes: 1,024 samples, 1,024 classes.
TEST_F(TrainingLossTest, of_a_large_batch_is_the_same_in_one_process_and_in_several) {
  constexpr int64_t kLarge = 1024;
  const auto classes = at::arange(kLarge, at::kLong) * 7,
             labels = classes.index_select(0, classes.remainder(3) * 5);
  const auto samples = at::arange(kLarge, at::kLong);
  const auto rows = at::arange(kLarge * 8, at::kDouble).mul(0.37).sin().to(at::kFloat).view({kLarge, 8});
  auto remembering = spec("kindred.supervised_contrastive");
  remembering.memory = MemoryOptions{100, 0};
  TrainingOptions options;
  options.losses = {spec("kindred.contrastive"), spec("kindred.triplet", {{"mining", "all"}}),
                    spec("kindred.arc_face"), remembering};
  struct Learned {
    double value;
    at::Tensor of_rows, of_proxies;
  };
  const auto learned = [&](Communicator& communicator) {
    TrainingLoss made(catalog_, options, 8, classes, at::kCPU);
    const auto proxies = made.parameters().at(0).tensor.requires_grad_(true);
    const auto x = rows.clone().requires_grad_(true);
    made.forward(x, labels, samples, 0, communicator);  // fills the memory
    const auto value = made.forward(x, labels, samples + kLarge, 1, communicator);
    value.backward();
    auto of_proxies = proxies.grad().clone();
    communicator.all_reduce_sum(of_proxies);
    return Learned{value.item<double>(), x.grad(), of_proxies / static_cast<double>(communicator.size())};
  };
  const auto expected = learned(alone_);
  as_group(3, [&](Communicator& communicator) {
    const auto [value, of_rows, of_proxies] = learned(communicator);
    EXPECT_NEAR(value, expected.value, 1e-5 * expected.value);
    EXPECT_TRUE(at::allclose(of_rows, expected.of_rows, 1e-3, 1e-7));
    EXPECT_TRUE(at::allclose(of_proxies, expected.of_proxies, 1e-3, 1e-6));
  });
}

}  // namespace
}  // namespace kindred::host
