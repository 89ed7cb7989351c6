#include "host/training/low_rank.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "../distributed/thread_communicator.hpp"
#include "host/base/issue.hpp"
#include "host/training/trained_tensors.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using kindred::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// x -> tanh(x W^T) V^T + b, in one stage.
class TwoLayers final : public Encoder {
 public:
  TwoLayers() {
    at::manual_seed(3);
    for (auto* one : {&query_, &output_})
      *one = at::randn({MadeTraining::kDimension, MadeTraining::kDimension}) * 0.4;
    bias_ = at::zeros({MadeTraining::kDimension});
  }
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t dimension() const override { return MadeTraining::kDimension; }
  std::vector<std::string> stages() const override { return {"all"}; }
  int64_t stage_of(const std::string&) const override { return 0; }
  std::vector<NamedTensor> parameters() override {
    return {{"query.weight", query_}, {"output.weight", output_}, {"output.bias", bias_}};
  }
  at::Tensor run_stages(const at::Tensor& x, int64_t, int64_t) override {
    return at::linear(at::linear(x, query_).tanh(), output_, bias_);
  }

 private:
  at::Tensor query_, output_, bias_;
};

EncoderSpec spec_of(int64_t rank, std::vector<std::string> targets) {
  EncoderSpec spec;
  spec.file = "p.json";
  spec.pointer = "/model/encoders/x";
  spec.learns = true;
  spec.lora = LoraOptions{rank, 6, std::move(targets)};
  return spec;
}

EncoderPart part_of(std::shared_ptr<Encoder> encoder) {
  EncoderPart part;
  part.name = "x";
  part.id = "acme.two_layers";
  part.encoder = std::move(encoder);
  part.first_trained = 0;
  part.dimension = part.encoder->dimension();
  return part;
}

/// A loss in which every number of the matrix tells.
at::Tensor loss_of(const at::Tensor& weight) {
  const auto x = at::arange(21, weight.options()).reshape({3, 7}).sin();
  return at::linear(x, weight).tanh().square().sum();
}

TEST(LowRankMatrix, gives_its_factors_the_gradient_of_their_product) {
  at::manual_seed(1);
  const auto weight = at::randn({5, 7}, at::kDouble), initial = weight.clone();
  LowRankMatrix matrix({"w", weight}, {2, 6, {}}, Random(4));
  const auto factors = matrix.factors();
  ASSERT_EQ(factors[0].name, "w.lora_A");
  ASSERT_EQ(factors[1].name, "w.lora_B");
  auto a = factors[0].tensor, b = factors[1].tensor;
  EXPECT_EQ(a.sizes(), (std::vector<int64_t>{2, 7}));
  EXPECT_LE(a.abs().max().item<double>(), 1 / std::sqrt(7.0));
  EXPECT_GT(a.abs().max().item<double>(), 0.2);
  matrix.write_weight();
  EXPECT_TRUE(at::equal(weight, initial)) << "it begins with the weights of the encoder";

  b.normal_();
  matrix.write_weight();
  EXPECT_TRUE(at::allclose(weight, initial + 3 * b.matmul(a), 1e-12, 1e-12));
  a.requires_grad_(true);
  b.requires_grad_(true);
  matrix.follow_learning();
  loss_of(weight).backward();
  matrix.take_gradient();
  EXPECT_FALSE(weight.grad().defined()) << "the next gradient begins at 0";

  const auto explicit_a = a.detach().clone().requires_grad_(true),
             explicit_b = b.detach().clone().requires_grad_(true);
  loss_of(initial + 3 * explicit_b.matmul(explicit_a)).backward();
  EXPECT_TRUE(at::allclose(a.grad(), explicit_a.grad(), 1e-10, 1e-12));
  EXPECT_TRUE(at::allclose(b.grad(), explicit_b.grad(), 1e-10, 1e-12));
}

TEST(LowRankMatrix, collects_no_gradient_while_its_factors_are_frozen) {
  const auto weight = at::ones({4, 4});
  LowRankMatrix matrix({"w", weight}, {1, 1, {}}, Random(4));
  matrix.follow_learning();
  EXPECT_FALSE(weight.requires_grad());
  auto b = matrix.factors()[1].tensor;
  b.requires_grad_(true);
  matrix.follow_learning();
  EXPECT_TRUE(weight.requires_grad());
}

TEST(LoraTargets, are_found_by_pattern_and_wrong_ones_are_named) {
  const auto part = part_of(std::make_shared<TwoLayers>());
  const auto found = lora_targets(spec_of(2, {"*query*", "out*"}), part);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "query.weight");
  EXPECT_EQ(found[1].name, "output.weight");
  const auto of_attention = lora_targets(spec_of(2, {}), part);
  ASSERT_EQ(of_attention.size(), 1U);
  EXPECT_EQ(of_attention[0].name, "query.weight");
  const auto issue_of = [&](const EncoderSpec& spec) {
    try {
      lora_targets(spec, part);
    } catch (const PipelineError& error) {
      return error.issues().front();
    }
    return Issue{};
  };
  const auto absent = issue_of(spec_of(2, {"*query*", "*bias"}));
  EXPECT_EQ(absent.pointer, "/model/encoders/x/trainable/lora/targets/1");
  EXPECT_THAT(absent.message, HasSubstr("no matrix that is trained is called \"*bias\"; there are such as "
                                        "query.weight, output.weight"));
  const auto large = issue_of(spec_of(6, {"*query*"}));
  EXPECT_EQ(large.pointer, "/model/encoders/x/trainable/lora/rank");
  EXPECT_THAT(large.message,
              HasSubstr("6 is not less than the smaller side of query.weight, which is 6 x 6"));
}

TEST(Trainer, learns_by_low_rank_factors_and_goes_on_after_an_interruption_bit_for_bit) {
  const auto trained = [](const std::string& name, int64_t stop_at, double ema) {
    const TemporaryFolder folder(name);
    std::vector<at::Tensor> weights;
    for (const bool is_resumed : {false, true}) {
      if (is_resumed && stop_at == 0) break;
      MadeTraining training(folder.path().string());
      const auto encoder = std::make_shared<TwoLayers>();
      training.model.encoders.push_back(part_of(encoder));
      training.encoders = {spec_of(2, {"query.weight"})};
      training.options.ema = ema;
      training.context.stop_at = is_resumed ? 0 : stop_at;
      auto& trainer = training.trainer();
      trainer.resume();
      EXPECT_EQ(trainer.train().interrupted, !is_resumed && stop_at > 0);
      weights.clear();
      for (const auto& one : encoder->parameters()) weights.push_back(one.tensor.detach().clone());
      weights.push_back(training.weights());
    }
    return weights;
  };
  const auto whole = trained("low_rank_whole", 0, 0);
  const auto before = TwoLayers().parameters();
  EXPECT_TRUE(at::equal(whole[1], before[1].tensor)) << "what is no target stays as it is";
  EXPECT_TRUE(at::equal(whole[2], before[2].tensor));
  const auto singular = at::linalg_svdvals(whole[0] - before[0].tensor);
  EXPECT_GT(singular[1].item<float>(), 1e-3);
  EXPECT_LT(singular[2].item<float>(), 1e-5);
  const auto parts = trained("low_rank_parts", 4, 0);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(at::equal(parts[i], whole[i])) << i;

  const auto averaged = trained("low_rank_average", 0, 0.9);
  EXPECT_TRUE(at::equal(averaged[1], before[1].tensor));
  EXPECT_FALSE(at::equal(averaged[0], whole[0])) << "the average covers the matrix";
  EXPECT_FALSE(at::equal(averaged[0], before[0].tensor));
}

TEST(Trainer, learns_the_same_low_rank_factors_in_two_processes_as_in_one) {
  const TemporaryFolder alone_folder("low_rank_alone"), folder("low_rank_first");
  MadeTraining alone(alone_folder.path().string()), first(folder.path().string()),
      second("/folder/that/is/not/there");  // only the first process writes
  for (auto* training : {&alone, &first, &second}) {
    training->model.encoders.push_back(part_of(std::make_shared<TwoLayers>()));
    training->encoders = {spec_of(2, {"query.weight"})};
    training->options.accumulate = 2;
  }
  alone.trainer().train();
  MeetingPoint point(2);
  ThreadCommunicator first_communicator(point, 0), second_communicator(point, 1);
  auto& first_trainer = first.trainer(first_communicator);
  auto& second_trainer = second.trainer(second_communicator);
  std::thread other([&] { second_trainer.train(); });
  first_trainer.train();
  other.join();
  const auto query = [](const MadeTraining& training) {
    return training.model.encoders.front().encoder->parameters().front().tensor.detach();
  };
  EXPECT_TRUE(at::equal(query(first), query(second)));
  EXPECT_TRUE(at::allclose(query(first), query(alone), 1e-3, 1e-4));
  EXPECT_FALSE(at::allclose(query(first), TwoLayers().parameters().front().tensor, 1e-3, 1e-4));
}

}  // namespace
}  // namespace kindred::host
