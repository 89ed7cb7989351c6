#include "host/training/training_step.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kindred/error.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using kindred::testing::thrown;
using ::testing::HasSubstr;

/// One step over the training rows of a made-up training.
class TrainingStepTest : public ::testing::Test {
 protected:
  explicit TrainingStepTest(double dropout = 0.3) : made_("", dropout) {
    made_.options.optimizer.type = OptimizerType::sgd;
    made_.options.optimizer.lr = 1;
    made_.data = std::make_unique<MadeTrainingData>(made_.dataset, made_.split, made_.rows);
    std::vector<LossTerm> terms(1);
    terms[0].id = "acme.loss";
    terms[0].plugin = "acme";
    terms[0].loss = made_.loss;
    loss_ = std::make_unique<TrainingLoss>(std::move(terms), made_.data->labels(), at::kCPU);
    parameters_ = trained_parameters(made_.options, {}, made_.model, *loss_);
    optimizer_ = std::make_unique<Optimizer>(made_.options.optimizer, made_.options.schedule, 5, 0.0,
                                             parameters_.groups);
    optimizer_->start_epoch(0);
    composer_ = std::make_unique<BatchComposer>(*made_.sampler, *made_.data, made_.model, 1);
    made_.model.heads.train(true);
  }
  TrainingStep step(WeightAverage* average = nullptr) {
    return {made_.options,
            {made_.model, *loss_, *made_.data, *composer_, parameters_, *optimizer_, average, alone_,
             statistics_}};
  }
  StepBatch batch_of(const at::Tensor& rows) {
    made_.data->start_epoch({rows}, 0, 0);
    StepBatch batch;
    batch.composed = rows;
    batch.data = made_.data->next();
    batch.epoch = 2;
    batch.step = 4;
    return batch;
  }
  at::Tensor gradient() const {
    std::vector<at::Tensor> all;
    for (const auto& one : parameters_.all) all.push_back(one.tensor.grad().reshape({-1}).clone());
    return at::cat(all);
  }
  /// The gradient of one batch.
  at::Tensor gradient_of(const StepBatch& batch) {
    auto one = step();
    one.begin_group();
    const auto embeddings = one.forward(batch);
    EXPECT_TRUE(one.backward(batch, embeddings, one.loss(batch, embeddings)));
    return gradient();
  }

  MadeTraining made_;
  LocalCommunicator alone_;
  BatchStatistics statistics_{made_.model, {}, alone_, false};
  std::unique_ptr<TrainingLoss> loss_;
  TrainedParameters parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<BatchComposer> composer_;
};

class TrainingStepWithoutDropout : public TrainingStepTest {
 protected:
  TrainingStepWithoutDropout() : TrainingStepTest(0) {}
};

TEST_F(TrainingStepWithoutDropout, a_batch_in_parts_has_the_gradient_of_the_whole_batch) {
  const auto batch = batch_of(at::arange(20, at::kLong));
  const auto whole = gradient_of(batch);
  EXPECT_GT(whole.abs().max().item<double>(), 1e-3);
  for (const int64_t part : {1, 7, 20, 64}) {
    made_.options.gradient_cache = part;
    EXPECT_TRUE(at::allclose(gradient_of(batch), whole, 1e-4, 1e-6)) << part;
  }
}

TEST_F(TrainingStepTest, both_passes_over_a_part_draw_the_same) {
  made_.options.gradient_cache = 6;
  const auto batch = batch_of(at::arange(20, at::kLong));
  const auto first = gradient_of(batch);
  at::rand({100});  // what was drawn before does not matter
  EXPECT_TRUE(at::equal(gradient_of(batch), first));
  auto other = batch;
  other.step = 5;
  EXPECT_FALSE(at::equal(gradient_of(other), first)) << "another step draws something else";
}

TEST_F(TrainingStepTest, running_statistics_move_once_though_there_are_two_passes) {
  const auto batch = batch_of(at::arange(20, at::kLong));
  const auto mean = made_.model.heads.buffers().front().tensor;
  const auto before = mean.clone();
  made_.options.gradient_cache = 10;
  auto one = step();
  one.begin_group();
  const auto embeddings = one.forward(batch);
  EXPECT_TRUE(at::equal(mean, before)) << "the first pass leaves them";
  EXPECT_TRUE(embeddings.requires_grad());
  EXPECT_TRUE(embeddings.is_leaf());
  one.backward(batch, embeddings, one.loss(batch, embeddings));
  EXPECT_FALSE(at::equal(mean, before));
}

TEST_F(TrainingStepWithoutDropout, gradients_of_a_group_add_up_by_their_factors) {
  const auto left = batch_of(at::arange(0, 12, at::kLong));
  const auto right = batch_of(at::arange(12, 24, at::kLong));
  const auto expected = (gradient_of(left) + gradient_of(right)) / 2;
  auto one = step();
  one.begin_group();
  for (auto batch : {left, right}) {
    batch.factor = 0.5;
    const auto embeddings = one.forward(batch);
    one.backward(batch, embeddings, one.loss(batch, embeddings));
  }
  EXPECT_TRUE(at::allclose(gradient(), expected, 1e-5, 1e-7));
}

TEST_F(TrainingStepWithoutDropout, an_update_goes_against_the_gradient_and_moves_the_average) {
  const auto batch = batch_of(at::arange(20, at::kLong));
  made_.options.ema = 0.9;
  WeightAverage average(parameters_.all, 0.9);
  auto one = step(&average);
  one.begin_group();
  const auto before = made_.weights();
  const auto embeddings = one.forward(batch);
  const auto loss = one.loss(batch, embeddings);
  EXPECT_EQ(one.value(batch, embeddings, loss), loss.item<double>());
  one.backward(batch, embeddings, loss);
  const auto weight = parameters_.groups.head.front().tensor;
  const auto expected = weight.detach() - weight.grad();
  one.update(batch.epoch, batch.step);
  EXPECT_TRUE(at::allclose(weight.detach(), expected));
  EXPECT_EQ(average.updates(), 1);
  one.begin_group();
  EXPECT_FALSE(weight.grad().defined());
}

TEST_F(TrainingStepTest, what_is_not_finite_is_named_with_epoch_and_step_and_nothing_is_updated) {
  auto one = step();
  auto batch = batch_of(at::arange(20, at::kLong));
  one.begin_group();
  const auto embeddings = one.forward(batch);
  made_.loss->factor = std::numeric_limits<double>::quiet_NaN();
  const auto loss = one.loss(batch, embeddings);
  EXPECT_THAT(thrown([&] { one.value(batch, embeddings, loss); }),
              HasSubstr("the loss acme.loss is nan in epoch 3, step 5, on embeddings that are finite"));
  EXPECT_THAT(thrown([&] { one.value(batch, embeddings / 0, loss); }),
              HasSubstr("on embeddings that are not finite either"));
  one.backward(batch, embeddings, loss);
  const auto before = made_.weights();
  EXPECT_EQ(thrown([&] { one.update(2, 4); }),
            "the gradient is not finite in epoch 3, step 5; lower train.optimizer.lr");
  EXPECT_TRUE(at::equal(made_.weights(), before));
}

TEST_F(TrainingStepTest, a_loss_of_what_is_frozen_has_no_gradient) {
  made_.options.freeze = {{"*", 1, 0}};
  choose_learning(made_.options, parameters_, 0);
  auto one = step();
  const auto batch = batch_of(at::arange(20, at::kLong));
  one.begin_group();
  const auto embeddings = one.forward(batch);
  EXPECT_FALSE(one.backward(batch, embeddings, one.loss(batch, embeddings)));
}

}  // namespace
}  // namespace kindred::host
