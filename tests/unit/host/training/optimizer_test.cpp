#include "host/training/optimizer.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

/// Takes a step with the norm of the gradient as the trainer does.
bool step_by(Optimizer& optimizer) {
  return optimizer.step(std::sqrt(optimizer.squared_gradient_norm().item<double>()));
}

TEST(Schedule, follows_its_formula) {
  ScheduleOptions constant, cosine, step;
  cosine.type = ScheduleType::cosine;
  cosine.warmup_epochs = 2;
  cosine.final_fraction = 0.1;
  step.type = ScheduleType::step;
  step.step_epochs = 3;
  step.gamma = 0.5;
  for (int64_t epoch = 0; epoch < 10; ++epoch) EXPECT_EQ(schedule_factor(constant, epoch, 10), 1.0);
  EXPECT_NEAR(schedule_factor(cosine, 0, 12), 1.0 / 3, 1e-12);
  EXPECT_NEAR(schedule_factor(cosine, 1, 12), 2.0 / 3, 1e-12);
  EXPECT_NEAR(schedule_factor(cosine, 2, 12), 1.0, 1e-12);
  EXPECT_NEAR(schedule_factor(cosine, 7, 12), 0.1 + 0.9 * 0.5, 1e-12);
  EXPECT_NEAR(schedule_factor(cosine, 12, 12), 0.1, 1e-12);
  EXPECT_EQ(schedule_factor(step, 2, 10), 1.0);
  EXPECT_EQ(schedule_factor(step, 3, 10), 0.5);
  EXPECT_EQ(schedule_factor(step, 7, 10), 0.25);
}

/// One step of plain gradient descent on sum(g * x) with gradient g.
struct Example {
  at::Tensor encoder = at::zeros({2}), head = at::zeros({2});
  std::unique_ptr<Optimizer> make(OptimizerOptions options, double clip = 0) {
    options.type = OptimizerType::sgd;
    return std::make_unique<Optimizer>(options, ScheduleOptions{}, 10, clip,
                                       ParameterGroups{{{"e", encoder}}, {{"h", head}}, {}, {}});
  }
  bool step(Optimizer& optimizer, double gradient) {
    optimizer.start_epoch(0);
    optimizer.zero_gradients();
    ((encoder.sum() + head.sum()) * gradient).backward();
    return step_by(optimizer);
  }
};

TEST(Optimizer, groups_have_their_own_learning_rates) {
  Example example;
  OptimizerOptions options;
  options.lr = 0.5;
  options.encoder_lr = 0.1;
  auto optimizer = example.make(options);
  EXPECT_TRUE(example.step(*optimizer, 1.0));
  EXPECT_NEAR(example.encoder[0].item<double>(), -0.1, 1e-7);
  EXPECT_NEAR(example.head[0].item<double>(), -0.5, 1e-7);
}

TEST(Optimizer, clips_the_norm_of_all_gradients_together) {
  Example example;
  OptimizerOptions options;
  options.lr = 1;
  auto optimizer = example.make(options, 1.0);
  EXPECT_TRUE(example.step(*optimizer, 30.0));
  EXPECT_NEAR(at::cat({example.encoder, example.head}).detach().norm().item<double>(), 1.0, 1e-5);
}

TEST(Optimizer, an_encoder_tensor_may_have_a_factor_on_its_rate) {
  auto slow = at::zeros({1}), fast = at::zeros({1});
  OptimizerOptions options;
  options.type = OptimizerType::sgd;
  options.lr = 0.1;
  Optimizer optimizer(options, ScheduleOptions{}, 10, 0, {{{"s", slow}, {"f", fast}}, {}, {}, {0.5, 3}});
  optimizer.start_epoch(0);
  (slow.sum() + fast.sum()).backward();
  ASSERT_TRUE(step_by(optimizer));
  EXPECT_NEAR(slow.item<double>(), -0.05, 1e-7);
  EXPECT_NEAR(fast.item<double>(), -0.3, 1e-7);
}

TEST(Optimizer, weight_decay_spares_norms_and_biases) {
  for (const auto type : {OptimizerType::sgd, OptimizerType::adam, OptimizerType::adamw}) {
    auto kernel = at::ones({1, 1}), bias = at::ones({1});
    OptimizerOptions options;
    options.type = type;
    options.lr = 0.1;
    options.weight_decay = 0.5;
    Optimizer optimizer(options, ScheduleOptions{}, 10, 0, {{{"k", kernel}, {"b", bias}}, {}, {}, {}});
    optimizer.start_epoch(0);
    ((kernel.sum() + bias.sum()) * 0).backward();
    ASSERT_TRUE(step_by(optimizer));
    EXPECT_LT(kernel.item<double>(), 0.96) << static_cast<int>(type);
    EXPECT_EQ(bias.item<double>(), 1) << static_cast<int>(type);
  }
}

TEST(Optimizer, a_gradient_that_is_not_finite_changes_nothing) {
  Example example;
  auto optimizer = example.make({});
  EXPECT_FALSE(example.step(*optimizer, std::numeric_limits<double>::infinity()));
  EXPECT_EQ(example.encoder.detach().abs().sum().item<double>(), 0);
}

TEST(Optimizer, continues_from_its_saved_state) {
  const testing::TemporaryFolder folder("optimizer");
  const auto run = [&](bool interrupted) {
    Example example;
    OptimizerOptions options;
    options.momentum = 0.9;
    auto optimizer = example.make(options);
    for (int i = 0; i < 6; ++i) {
      if (interrupted && i == 3) {
        write_file_atomically(folder / "state.pt", optimizer->saved());
        optimizer = example.make(options);
        optimizer->load(folder / "state.pt");
      }
      example.step(*optimizer, 1.0 + i);
    }
    return at::cat({example.encoder, example.head}).detach().clone();
  };
  EXPECT_TRUE(at::equal(run(false), run(true)));
}

}  // namespace
}  // namespace kindred::host
