#include "host/training/loss_by_anchors.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../distributed/thread_communicator.hpp"
#include "component.hpp"
#include "host/distributed/local_communicator.hpp"
#include "host/training/batch_memory.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kRows = 20, kDimension = 6;

/// Value and gradients of a loss: of the embeddings, then of its parameters.
struct Learned {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

class LossByAnchors : public ::testing::TestWithParam<std::pair<const char*, nlohmann::json>> {
 protected:
  LossByAnchors() : memory_(12, kDimension, at::kCPU) {
    at::manual_seed(11);
    embeddings_ = at::randn({kRows, kDimension}, at::kDouble);
    memory_.add(at::randn({9, kDimension}), labels_.slice(0, 0, 9), samples_.slice(0, 0, 9) + 3);
  }

  static std::shared_ptr<Loss> loss() {
    auto made = kindred::testing::make<Loss>("core", GetParam().first, GetParam().second);
    for (const auto& one : made->parameters()) {
      one.tensor.set_data(one.tensor.to(at::kDouble));
      one.tensor.requires_grad_(true);
    }
    return made;
  }

  ComparedSamples compared(const at::Tensor& x, bool remembered) const {
    return remembered ? memory_.compared(x, labels_, samples_) : ComparedSamples{x, labels_};
  }

  template <class Compute>
  Learned learn(const Compute& compute) const {
    const auto x = embeddings_.clone().requires_grad_(true);
    const auto made = loss();
    const auto value = compute(*made, x);
    (value * 3).backward();
    Learned out{value.detach(), {x.grad()}};
    for (const auto& one : made->parameters()) out.gradients.push_back(one.tensor.grad());
    return out;
  }

  Learned whole(bool remembered) const {
    return learn(
        [&](Loss& loss, const at::Tensor& x) { return loss.forward_pairs(compared(x, remembered).batch()); });
  }

  Learned by_parts(bool remembered, Communicator& communicator, int64_t pairs_of_part) const {
    return learn([&](Loss& loss, const at::Tensor& x) {
      std::vector<at::Tensor> parameters;
      for (const auto& one : loss.parameters()) parameters.push_back(one.tensor);
      return loss_by_anchors(
          dynamic_cast<SumsOverAnchors&>(loss), parameters, compared(x, remembered), communicator,
          [](const auto& backward) { backward(); }, pairs_of_part);
    });
  }

  static void expect_equal(const Learned& one, const Learned& other) {
    EXPECT_TRUE(at::allclose(one.value, other.value, 1e-9, 1e-12)) << one.value << other.value;
    ASSERT_EQ(one.gradients.size(), other.gradients.size());
    for (size_t i = 0; i < one.gradients.size(); ++i) {
      EXPECT_GT(one.gradients[i].abs().max().item<double>(), 0);
      EXPECT_TRUE(at::allclose(one.gradients[i], other.gradients[i], 1e-6, 1e-9))
          << i << one.gradients[i] << other.gradients[i];
    }
  }

  const at::Tensor labels_ = at::arange(kRows, at::kLong).remainder(5),
                   samples_ = at::arange(kRows, at::kLong);
  at::Tensor embeddings_;
  BatchMemory memory_;
};

TEST_P(LossByAnchors, is_the_loss_of_the_batch) {
  LocalCommunicator alone;
  for (const bool remembered : {false, true}) {
    const auto expected = whole(remembered);
    for (const int64_t pairs_of_part : {1, 7 * 32, 1000}) {
      SCOPED_TRACE(pairs_of_part);
      expect_equal(by_parts(remembered, alone, pairs_of_part), expected);
    }
  }
}

TEST_P(LossByAnchors, is_divided_among_processes) {
  for (const bool remembered : {false, true}) {
    const auto expected = whole(remembered);
    std::vector<Learned> all(3);
    as_group(3, [&](Communicator& communicator) {
      all[static_cast<size_t>(communicator.rank())] = by_parts(remembered, communicator, 4 * 32);
    });
    for (const auto& one : all) {
      expect_equal(one, expected);
      EXPECT_TRUE(at::equal(one.value, all[0].value));
      EXPECT_TRUE(at::equal(one.gradients[0], all[0].gradients[0]));
    }
  }
}

TEST_P(LossByAnchors, has_a_value_without_gradients) {
  const at::NoGradGuard no_grad;
  LocalCommunicator alone;
  const auto made = loss();
  const auto samples = compared(embeddings_, true);
  const auto value = loss_by_anchors(
      dynamic_cast<SumsOverAnchors&>(*made), {}, samples, alone,
      [](const auto&) { FAIL() << "there is no backward pass"; }, 100);
  EXPECT_NEAR(value.item<double>(), made->forward_pairs(samples.batch()).item<double>(), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Core, LossByAnchors,
    ::testing::Values(std::pair{"kindred.angular", nlohmann::json::object()},
                      std::pair{"kindred.circle", nlohmann::json::object()},
                      std::pair{"kindred.contrastive", nlohmann::json::object()},
                      std::pair{"kindred.contrastive", nlohmann::json{{"squared", true}, {"average", "all"}}},
                      std::pair{"kindred.fast_ap", nlohmann::json::object()},
                      std::pair{"kindred.lifted_structure", nlohmann::json{{"generalized", true}}},
                      std::pair{"kindred.margin", nlohmann::json{{"learn_beta", true}, {"nu", 0.1}}},
                      std::pair{"kindred.multi_similarity", nlohmann::json::object()},
                      std::pair{"kindred.nt_xent", nlohmann::json::object()},
                      std::pair{"kindred.recall_at_k_surrogate", nlohmann::json::object()},
                      std::pair{"kindred.signal_to_noise", nlohmann::json::object()},
                      std::pair{"kindred.smooth_ap", nlohmann::json{{"temperature", 0.1}}},
                      std::pair{"kindred.supervised_contrastive", nlohmann::json::object()},
                      std::pair{"kindred.triplet", nlohmann::json{{"mining", "all"}}},
                      std::pair{"kindred.triplet", nlohmann::json{{"mining", "semi_hard"}, {"soft", true}}},
                      std::pair{"kindred.tuplet_margin", nlohmann::json::object()}));

TEST(PaysByAnchors, for_many_pairs_that_every_process_has_one_of) {
  const auto samples = [](int64_t count) {
    return ComparedSamples{at::zeros({count, 1}), at::zeros({count}, at::kLong)};
  };
  LocalCommunicator alone;
  EXPECT_FALSE(pays_by_anchors(samples(8191), alone));
  EXPECT_TRUE(pays_by_anchors(samples(8192), alone));
  MeetingPoint point(3);
  const ThreadCommunicator one_of_three(point, 0);
  EXPECT_FALSE(pays_by_anchors(samples(2047), one_of_three));
  EXPECT_TRUE(pays_by_anchors(samples(2048), one_of_three));
  auto few = samples(2);
  few.remembered = at::zeros({1, 1}).expand({1 << 26, 1});
  EXPECT_TRUE(pays_by_anchors(few, alone));
  EXPECT_FALSE(pays_by_anchors(few, one_of_three));
}

TEST(LossByAnchorsOfPlugin, backward_is_called_by_the_caller) {
  LocalCommunicator alone;
  const auto made = kindred::testing::make<Loss>("core", "kindred.nt_xent");
  const ComparedSamples samples{at::randn({6, 3}), at::arange(6, at::kLong).remainder(2)};
  EXPECT_THROW(loss_by_anchors(dynamic_cast<SumsOverAnchors&>(*made), {}, samples, alone,
                               [](const auto&) { throw Error("no"); }),
               Error);
}

}  // namespace
}  // namespace kindred::host
