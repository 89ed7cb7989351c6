#include "host/training/training_loss.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../distributed/thread_communicator.hpp"
#include "host/contracts/contracts.hpp"
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

/// A loss with a miner, which come some anchors at a time where `limits` say so.
class MinedLossTest : public TrainingLossTest {
 protected:
  static constexpr PartLimits kWhole{}, kPartsOfFive{0, 0, 0, 1, 5}, kPartsOfTwo{0, 0, 0, 1, 2};

  TrainingLoss mined_loss(const std::string& loss, const std::string& miner, bool remembers,
                          const PartLimits& limits) const {
    return mined_loss(loss, made<Miner>(miner), remembers, limits);
  }

  TrainingLoss mined_loss(const std::string& loss, std::shared_ptr<Miner> miner, bool remembers,
                          const PartLimits& limits) const {
    std::vector<LossTerm> terms(1);
    terms[0].loss = made<Loss>(loss);
    terms[0].miner = std::move(miner);
    if (remembers) terms[0].memory = std::make_unique<BatchMemory>(20, 8, at::kCPU);
    return {std::move(terms), labels_, at::kCPU, limits};
  }

  template <class Interface>
  std::shared_ptr<Interface> made(const std::string& id) const {
    return create_under_contract<Interface>(catalog_, *catalog_.find(Interface::kKind, id),
                                            nlohmann::json::object(), Site{8, 3, 1, {}});
  }

  /// The value of the second batch, and its gradient.
  std::pair<double, at::Tensor> learned(TrainingLoss loss, Communicator& communicator) const {
    at::manual_seed(4);
    const auto x = rows_.clone().requires_grad_(true);
    // Fills the memory with others: between equal distances rounding would choose.
    loss.forward((rows_ * 7).sin(), labels_, samples_, 0, communicator);
    const auto value = loss.forward(x, labels_.flip(0), samples_ + 12, 1, communicator);
    value.backward();
    return {value.item<double>(), x.grad()};
  }

  std::vector<std::string> miners() const {
    std::vector<std::string> ids;
    for (const auto& one : catalog_.components()) {
      if (one.kind == Miner::kKind) ids.push_back(one.id);
    }
    return ids;
  }
};

TEST_F(MinedLossTest, of_a_batch_in_parts_is_that_of_the_batch) {
  for (const auto* loss : {"kindred.contrastive", "kindred.margin", "kindred.multi_similarity",
                           "kindred.nt_xent", "kindred.triplet", "kindred.lifted_structure"}) {
    for (const auto& miner : miners()) {
      if (miner == "kindred.distance_weighted") continue;  // it draws other pairs
      for (const bool remembers : {false, true}) {
        SCOPED_TRACE(std::string(loss) + " with " + miner + (remembers ? " and a memory" : ""));
        const auto [value, gradient] = learned(mined_loss(loss, miner, remembers, kWhole), alone_);
        for (const auto& limits : {kPartsOfFive, kPartsOfTwo}) {
          const auto [in_parts, of_parts] = learned(mined_loss(loss, miner, remembers, limits), alone_);
          EXPECT_NEAR(in_parts, value, 1e-5 * std::abs(value));
          EXPECT_TRUE(at::allclose(of_parts, gradient, 1e-3, 1e-6)) << of_parts - gradient;
        }
      }
    }
  }
}

/// Says of each batch, or part of one, how many anchors it has, and keeps all pairs.
class CountingMiner final : public AnchorMiner {
 public:
  bool gives_triplets() const override { return false; }
  Mined mine(const PairBatch& batch) override {
    anchors.push_back(batch.embeddings.size(0));
    return {batch.masks, {}};
  }
  std::vector<int64_t> anchors;
};

TEST_F(MinedLossTest, comes_in_parts_where_loss_and_miner_allow_it) {
  const auto anchors_seen = [&](const std::string& loss) {
    const auto miner = std::make_shared<CountingMiner>();
    mined_loss(loss, miner, false, kPartsOfFive).forward(rows_, labels_, samples_, 0, alone_);
    return miner->anchors;
  };
  EXPECT_THAT(anchors_seen("kindred.contrastive"), ElementsAre(5, 5, 2));
  EXPECT_THAT(anchors_seen("kindred.lifted_structure"), ElementsAre(12)) << "it needs both samples of a pair";
  EXPECT_THAT(anchors_seen("kindred.triplet"), ElementsAre(12)) << "its hardest are chosen among all pairs";
}

TEST_F(MinedLossTest, is_divided_among_processes) {
  // What the threads of this test would draw depends on each other.
  for (const auto* miner : {"kindred.semi_hard", "kindred.multi_similarity", "kindred.hdc"}) {
    const auto [value, gradient] = learned(mined_loss("kindred.contrastive", miner, true, kWhole), alone_);
    as_group(3, [&, expected = value, of_all = gradient](Communicator& communicator) {
      const auto [divided, of_parts] =
          learned(mined_loss("kindred.contrastive", miner, true, kPartsOfTwo), communicator);
      EXPECT_NEAR(divided, expected, 1e-5 * std::abs(expected)) << miner;
      EXPECT_TRUE(at::allclose(of_parts, of_all, 1e-3, 1e-6)) << miner;
    });
  }
}

TEST_F(MinedLossTest, draws_what_the_generator_says_and_leaves_it_the_same_whatever_the_parts) {
  struct Drawn {
    double value;
    at::Tensor gradient, next;
  };
  const auto drawn = [&](const PartLimits& limits) {
    const auto [value, gradient] =
        learned(mined_loss("kindred.margin", "kindred.distance_weighted", false, limits), alone_);
    return Drawn{value, gradient, at::rand({3})};
  };
  const auto one = drawn(kPartsOfFive), again = drawn(kPartsOfFive), of_other_parts = drawn(kPartsOfTwo);
  EXPECT_GT(one.value, 0);
  EXPECT_EQ(again.value, one.value);
  EXPECT_TRUE(at::equal(again.gradient, one.gradient));
  EXPECT_TRUE(at::equal(again.next, one.next));
  EXPECT_TRUE(at::equal(of_other_parts.next, one.next));
}

}  // namespace
}  // namespace kindred::host
