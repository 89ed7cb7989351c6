#include "host/training/trained_tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/issue.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;

/// Two stages with a weight and a running mean each.
class MadeEncoder final : public Encoder {
 public:
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t dimension() const override { return 2; }
  std::vector<std::string> stages() const override { return {"stem", "top"}; }
  int64_t stage_of(const std::string& name) const override { return name.rfind("top", 0) == 0 ? 1 : 0; }
  std::vector<NamedTensor> parameters() override {
    return {{"stem.weight", tensors_[0]}, {"top.weight", tensors_[1]}};
  }
  std::vector<NamedTensor> buffers() override {
    return {{"stem.mean", tensors_[2]}, {"top.mean", tensors_[3]}, {"top.count", count_}};
  }
  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override { return input; }

 private:
  std::vector<at::Tensor> tensors_ = {at::zeros({2}), at::zeros({2}), at::zeros({2}), at::zeros({2})};
  at::Tensor count_ = at::zeros({1}, at::kLong);
};

/// Five stages, of which the third and the last have no parameters.
class DeepEncoder final : public Encoder {
 public:
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t dimension() const override { return 2; }
  std::vector<std::string> stages() const override { return {"first", "second", "third", "fourth", "pool"}; }
  int64_t stage_of(const std::string& name) const override {
    return name == "first" ? 0 : name == "fourth" ? 3 : 1;
  }
  std::vector<NamedTensor> parameters() override {
    return {{"first", tensor_}, {"second", tensor_}, {"second_too", tensor_}, {"fourth", tensor_}};
  }
  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override { return input; }

 private:
  at::Tensor tensor_ = at::zeros({2});
};

std::vector<std::string> names_of(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const auto& one : tensors) names.push_back(one.name);
  return names;
}

class TrainedTensors : public ::testing::Test {
 protected:
  TrainedTensors() : made_("") {
    EncoderPart part;
    part.name = "vector";
    part.encoder = std::make_shared<MadeEncoder>();
    part.stage_count = 2;
    part.first_trained = 1;
    made_.model.encoders.push_back(part);
    spec_.batch_norms_frozen = true;
    std::vector<LossTerm> terms(1);
    terms[0].loss = made_.loss;
    loss_ = std::make_unique<TrainingLoss>(std::move(terms), at::zeros({1}, at::kLong), at::kCPU);
  }
  TrainedParameters parameters() { return trained_parameters(made_.options, {spec_}, made_.model, *loss_); }

  MadeTraining made_;
  EncoderSpec spec_;
  std::unique_ptr<TrainingLoss> loss_;
};

TEST_F(TrainedTensors, are_named_by_role_and_hold_what_is_trained) {
  EXPECT_THAT(names_of(parameters().all),
              ElementsAre("encoder.top.weight", "head.0.weight", "head.0.bias", "loss.scale"));
  EXPECT_THAT(names_of(trained_state(made_.model, *loss_)),
              ElementsAre("encoder.top.weight", "encoder.top.mean", "encoder.top.count", "head.0.weight",
                          "head.0.bias", "head.0.mean", "loss.scale"));
  EXPECT_THAT(names_of(running_statistics(made_.model)), ElementsAre("0.mean", "top.mean", "top.count"));
}

TEST_F(TrainedTensors, factors_on_the_rates_come_from_patterns_and_stages) {
  made_.options.lr_factors = {{"encoder.*", 0.5}, {"*weight", 3}};
  spec_.lr_multipliers = {{"top", 0.1}};
  const auto groups = parameters().groups;
  ASSERT_EQ(groups.encoder_factors.size(), 1U);
  EXPECT_NEAR(groups.encoder_factors[0], 0.5 * 3 * 0.1, 1e-12);
  EXPECT_THAT(groups.head_factors, ElementsAre(3, 1));
  EXPECT_THAT(groups.loss_factors, ElementsAre(1));
  made_.options.lr_factors = {{"decoder.*", 0.5}};
  EXPECT_THROW(parameters(), PipelineError);
}

TEST_F(TrainedTensors, of_earlier_stages_learn_more_slowly_with_a_decay) {
  auto& part = made_.model.encoders.back();
  part.encoder = std::make_shared<DeepEncoder>();
  part.stage_count = 5;
  part.first_trained = 0;
  spec_.lr_decay = 0.5;
  spec_.lr_multipliers = {{"second", 10}};
  const auto groups = parameters().groups;
  ASSERT_THAT(names_of(groups.encoder), ElementsAre("first", "second", "second_too", "fourth"));
  EXPECT_THAT(groups.encoder_factors, ElementsAre(0.25, 5, 5, 1)) << "stages without parameters do not count";
  part.first_trained = 1;
  EXPECT_THAT(parameters().groups.encoder_factors, ElementsAre(5, 5, 1));
}

TEST_F(TrainedTensors, learn_in_the_epochs_in_which_they_are_not_frozen) {
  made_.options.freeze = {{"head.*", 2, 3}};
  auto trained = parameters();
  const auto learning = [&](int64_t epoch) {
    choose_learning(made_.options, trained, epoch);
    return std::pair(trained.all[1].tensor.requires_grad(), trained.all[3].tensor.requires_grad());
  };
  EXPECT_EQ(learning(0), std::pair(true, true));
  EXPECT_EQ(learning(1), std::pair(false, true));
  EXPECT_EQ(learning(2), std::pair(false, true));
  EXPECT_EQ(learning(3), std::pair(true, true));
}

TEST_F(TrainedTensors, an_average_covers_running_statistics_only_where_they_move) {
  EXPECT_THAT(names_of(averaged_tensors(parameters(), {spec_}, made_.model)),
              ElementsAre("0.top.weight", "1.0.weight", "2.0.bias", "3.scale", "4.0.mean"));
  spec_.batch_norms_frozen = false;
  EXPECT_THAT(names_of(averaged_tensors(parameters(), {spec_}, made_.model)),
              ElementsAre("0.top.weight", "1.top.mean", "2.0.weight", "3.0.bias", "4.scale", "5.0.mean"))
      << "a count is no floating point number";
}

}  // namespace
}  // namespace kindred::host
