#include "host/training/loss_by_parts.hpp"

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

constexpr int64_t kRows = 20, kDimension = 6, kClasses = 5;

/// Value and gradients of a loss: of the embeddings, then of its parameters.
struct Learned {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

class LossByParts : public ::testing::TestWithParam<std::pair<const char*, nlohmann::json>> {
 protected:
  LossByParts() : memory_(12, kDimension, at::kCPU) {
    at::manual_seed(11);
    embeddings_ = at::randn({kRows, kDimension}, at::kDouble);
    memory_.add(at::randn({9, kDimension}), labels_.slice(0, 0, 9), samples_.slice(0, 0, 9) + 3);
  }

  std::shared_ptr<Loss> loss() const {
    auto made = kindred::testing::make<Loss>("core", GetParam().first, GetParam().second,
                                             Site{kDimension, kClasses, 1, {}});
    for (const auto& one : made->parameters()) {
      one.tensor.set_data(one.tensor.to(dtype_));
      one.tensor.requires_grad_(true);
    }
    return made;
  }

  ComparedSamples compared(const at::Tensor& x, bool remembered) const {
    return remembered ? memory_.compared(x, labels_, samples_) : ComparedSamples{x, labels_};
  }

  template <class Compute>
  Learned learn(const Compute& compute) const {
    const auto x = embeddings_.to(dtype_).clone().requires_grad_(true);
    const auto made = loss();
    const auto value = compute(*made, x);
    Learned out{value.detach(), {}};
    if (!value.requires_grad()) return out;
    (value * 3).backward();
    out.gradients = {x.grad()};
    for (const auto& one : made->parameters()) out.gradients.push_back(one.tensor.grad());
    return out;
  }

  Learned whole(bool remembered) const {
    return learn([&](Loss& loss, const at::Tensor& x) {
      return loss.traits().pairs ? loss.forward_pairs(compared(x, remembered).batch())
                                 : loss.forward(x, labels_);
    });
  }

  LossOfParts parts_of(Loss& loss, const at::Tensor& x, bool remembered) const {
    LossOfParts out{x, {}, kClasses, {}, [](const auto& backward) { backward(); }};
    for (const auto& one : loss.parameters()) out.parameters.push_back(one.tensor);
    if (auto* samples = dynamic_cast<SumsOverSamples*>(&loss); samples != nullptr) {
      out.part = [=](const at::Tensor& leaf, int64_t first, int64_t end) {
        return samples->sum_over_samples(leaf.slice(0, first, end), labels_.slice(0, first, end));
      };
      return out;
    }
    out.columns = compared(x, remembered).references();
    out.part = [=, &loss](const at::Tensor& leaf, int64_t first, int64_t end) {
      return dynamic_cast<SumsOverAnchors&>(loss).sum_over_anchors(
          compared(leaf, remembered).rows(at::arange(first, end, at::kLong)));
    };
    return out;
  }

  Learned by_parts(bool remembered, Communicator& communicator, int64_t rows_of_part) const {
    return learn([&](Loss& loss, const at::Tensor& x) {
      const auto parts = parts_of(loss, x, remembered);
      return loss_by_parts(parts, {0, 0, 0, 1, rows_of_part}, communicator);
    });
  }

  std::vector<Learned> by_three_processes(bool remembered) const {
    std::vector<Learned> all(3);
    as_group(3, [&](Communicator& communicator) {
      all[static_cast<size_t>(communicator.rank())] = by_parts(remembered, communicator, 4);
    });
    return all;
  }

  /// What three processes have learned: gradients of parameters are their means.
  static Learned joined(const std::vector<Learned>& all) {
    auto out = all[0];
    for (size_t i = 1; i < out.gradients.size(); ++i) {
      out.gradients[i] = (all[0].gradients[i] + all[1].gradients[i] + all[2].gradients[i]) / 3;
    }
    return out;
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

  at::Tensor labels_ = at::arange(kRows, at::kLong).remainder(kClasses);
  const at::Tensor samples_ = at::arange(kRows, at::kLong);
  at::ScalarType dtype_ = at::kDouble;
  at::Tensor embeddings_;
  BatchMemory memory_;
};

TEST_P(LossByParts, is_the_loss_of_the_batch) {
  LocalCommunicator alone;
  for (const bool remembered : {false, true}) {
    const auto expected = whole(remembered);
    for (const int64_t rows_of_part : {1, 7, 100}) {
      SCOPED_TRACE(rows_of_part);
      expect_equal(by_parts(remembered, alone, rows_of_part), expected);
    }
  }
}

TEST_P(LossByParts, is_divided_among_processes) {
  for (const bool remembered : {false, true}) {
    const auto expected = whole(remembered);
    const auto all = by_three_processes(remembered);
    for (const auto& one : all) {
      EXPECT_TRUE(at::equal(one.value, all[0].value));
      EXPECT_TRUE(at::equal(one.gradients[0], all[0].gradients[0]));
    }
    expect_equal(joined(all), expected);
  }
}

/// Parts without any positive, any negative, or both.
TEST_P(LossByParts, is_that_of_batches_in_which_some_have_nothing_to_compare) {
  const auto rows = at::arange(kRows, at::kLong);
  const auto alone_first = at::where(rows < 8, at::zeros_like(rows), rows.remainder(kClasses)).contiguous();
  for (const auto& labels :
       {at::zeros({kRows}, at::kLong), alone_first, rows.remainder(kClasses).clamp_max(1)}) {
    labels_ = labels;
    const auto expected = whole(false), parts = joined(by_three_processes(false));
    EXPECT_TRUE(at::allclose(parts.value, expected.value, 1e-9, 1e-12)) << parts.value << expected.value;
    EXPECT_TRUE(at::allclose(parts.gradients[0], expected.gradients[0], 1e-6, 1e-9)) << labels;
  }
}

TEST_P(LossByParts, is_the_loss_in_float32) {
  dtype_ = at::kFloat;
  LocalCommunicator alone;
  const auto expected = whole(false), parts = by_parts(false, alone, 7);
  EXPECT_EQ(parts.value.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(parts.value, expected.value, 1e-4, 1e-6)) << parts.value << expected.value;
  EXPECT_TRUE(at::allclose(parts.gradients[0], expected.gradients[0], 1e-2, 1e-4));
}

TEST_P(LossByParts, has_a_value_without_gradients) {
  const at::NoGradGuard no_grad;
  LocalCommunicator alone;
  const auto made = loss();
  auto parts = parts_of(*made, embeddings_, false);
  parts.call_backward = [](const auto&) { FAIL() << "there is no backward pass"; };
  EXPECT_NEAR(loss_by_parts(parts, {}, alone).item<double>(), whole(false).value.item<double>(), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Core, LossByParts,
    ::testing::Values(std::pair{"kindred.angular", nlohmann::json::object()},
                      std::pair{"kindred.arc_face", nlohmann::json::object()},
                      std::pair{"kindred.center", nlohmann::json::object()},
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
                      std::pair{"kindred.soft_triple", nlohmann::json{{"centers", 3}, {"regularizer", 0.2}}},
                      std::pair{"kindred.softmax", nlohmann::json{{"bias", true}}},
                      std::pair{"kindred.supervised_contrastive", nlohmann::json::object()},
                      std::pair{"kindred.triplet", nlohmann::json{{"mining", "all"}}},
                      std::pair{"kindred.triplet", nlohmann::json{{"mining", "semi_hard"}, {"soft", true}}},
                      std::pair{"kindred.tuplet_margin", nlohmann::json::object()}));

at::Tensor rows(int64_t count) { return at::zeros({count, 1}); }

TEST(PaysByParts, for_large_batches_and_for_three_processes) {
  const PartLimits limits;
  LocalCommunicator alone;
  MeetingPoint of_two(2);
  ThreadCommunicator one_of_two(of_two, 0);
  EXPECT_FALSE(pays_by_parts(rows(8191), 8192, limits, alone));
  EXPECT_TRUE(pays_by_parts(rows(8192), 8192, limits, alone));
  EXPECT_FALSE(pays_by_parts(rows(8191), 8192, limits, one_of_two));
  EXPECT_TRUE(pays_by_parts(rows(8192), 8192, limits, one_of_two));
  EXPECT_TRUE(pays_by_parts(rows(257), 1 << 26, limits, alone));
  EXPECT_FALSE(pays_by_parts(rows(256), 1 << 26, limits, alone)) << "one part would be the batch";
  as_group(3, [&](Communicator& one_of_three) {
    EXPECT_FALSE(pays_by_parts(rows(1023), 1024, limits, one_of_three));
    EXPECT_TRUE(pays_by_parts(rows(1024), 1024, limits, one_of_three));
    EXPECT_FALSE(pays_by_parts(rows(2), 1 << 26, limits, one_of_three)) << "one has no sample";
  });
}

TEST(LossByPartsOfPlugin, that_returns_sums_of_another_number_is_refused) {
  LocalCommunicator alone;
  const LossOfParts parts{at::randn({4, 2}),
                          {},
                          4,
                          [](const at::Tensor& x, int64_t first, int64_t) {
                            const auto sum = x.sum().reshape({1}).expand({first + 1});
                            return LossSums{sum, at::ones_like(sum.detach())};
                          },
                          [](const auto& backward) { backward(); }};
  try {
    loss_by_parts(parts, {0, 0, 0, 1, 1}, alone);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "a loss returned 1 sums for one part of a batch and 2 for another; expected as many for each");
  }
}

}  // namespace
}  // namespace kindred::host
