#include "host/model/stage_checkpoint.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <vector>

namespace kindred::host {
namespace {

at::Tensor drawn(at::IntArrayRef size, uint64_t seed) {
  return at::randn(size, at::detail::createCPUGenerator(seed), at::kFloat);
}

/// Stages that draw, that keep statistics, that share a weight, and that return a view of what they were
/// given.
class Network final : public Encoder {
 public:
  Network() {
    for (const auto& one : parameters()) one.tensor.requires_grad_(true);
  }
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t dimension() const override { return 4; }
  std::vector<std::string> stages() const override { return {"draws", "norm", "shares", "view"}; }
  std::vector<NamedTensor> parameters() override { return {{"shared", shared_}, {"scale", scale_}}; }
  std::vector<NamedTensor> buffers() override { return {{"mean", mean_}, {"variance", variance_}}; }
  void train(bool on) override { training_ = on; }

  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    auto x = input;
    for (int64_t stage = first; stage < last; ++stage) {
      runs.push_back(stage);
      x = run(x, stage);
    }
    return x;
  }

  std::vector<int64_t> runs;
  c10::weak_intrusive_ptr<at::TensorImpl> inner{c10::intrusive_ptr<at::TensorImpl>()};

 private:
  at::Tensor run(const at::Tensor& x, int64_t stage) {
    switch (stage) {
      case 0:
        return at::dropout(at::matmul(x, shared_), 0.5, true);
      case 1:
        return at::batch_norm(x, scale_, {}, mean_, variance_, training_, 0.1, 1e-5, false);
      case 2: {
        const auto out = at::matmul(x, shared_).tanh();
        inner = c10::weak_intrusive_ptr<at::TensorImpl>(out.getIntrusivePtr());
        return out;
      }
      default:
        return x.view({x.size(0), 4});
    }
  }

  at::Tensor shared_ = drawn({4, 4}, 1), scale_ = at::ones({4}), mean_ = at::zeros({4}),
             variance_ = at::ones({4});
  bool training_ = true;
};

struct Outcome {
  at::Tensor rows, of_input;
  std::vector<at::Tensor> gradients, statistics;
  at::Tensor next_draw;
};

using Run = std::function<at::Tensor(const std::shared_ptr<Encoder>&, const at::Tensor&)>;

Outcome outcome(const Run& run, bool training, bool input_learns) {
  const auto network = std::make_shared<Network>();
  network->train(training);
  at::manual_seed(7);
  const auto input = drawn({5, 4}, 2).requires_grad_(input_learns);
  Outcome made;
  made.rows = run(network, input);
  (made.rows * drawn({5, 4}, 3)).sum().backward();
  made.of_input = input.grad();
  for (const auto& one : network->parameters()) made.gradients.push_back(one.tensor.grad());
  for (const auto& one : network->buffers()) made.statistics.push_back(one.tensor);
  made.next_draw = at::rand({3});
  return made;
}

at::Tensor run_all(const std::shared_ptr<Encoder>& encoder, const at::Tensor& x) {
  return encoder->run_stages(x, 0, 4);
}

at::Tensor run_again(const std::shared_ptr<Encoder>& encoder, const at::Tensor& x) {
  return run_checkpointed(encoder, x, 0, 4);
}

TEST(StageCheckpoint, gives_the_values_and_gradients_of_one_pass_to_the_last_bit) {
  for (const bool training : {true, false}) {
    for (const bool input_learns : {true, false}) {
      const auto once = outcome(run_all, training, input_learns),
                 again = outcome(run_again, training, input_learns);
      EXPECT_TRUE(at::equal(once.rows, again.rows));
      ASSERT_EQ(once.of_input.defined(), again.of_input.defined());
      if (input_learns) {
        EXPECT_TRUE(at::equal(once.of_input, again.of_input));
      }
      for (size_t i = 0; i < 2; ++i) {
        EXPECT_TRUE(at::allclose(once.gradients[i], again.gradients[i], 1e-6, 1e-7))
            << "added in another order";
        EXPECT_TRUE(at::equal(once.statistics[i], again.statistics[i])) << "moved once";
      }
      EXPECT_TRUE(at::equal(once.next_draw, again.next_draw));
    }
  }
}

TEST(StageCheckpoint, runs_each_stage_again_when_the_gradient_comes_to_it) {
  const auto network = std::make_shared<Network>();
  const auto rows = run_again(network, drawn({5, 4}, 2));
  EXPECT_THAT(network->runs, ::testing::ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(network->inner.expired()) << "the graph of a stage ends with the stage";
  rows.sum().backward();
  EXPECT_THAT(network->runs, ::testing::ElementsAre(0, 1, 2, 3, 3, 2, 1, 0));
}

TEST(StageCheckpoint, runs_once_where_no_gradient_is_asked_for) {
  const auto network = std::make_shared<Network>();
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(run_again(network, drawn({5, 4}, 2)).requires_grad());
  EXPECT_THAT(network->runs, ::testing::ElementsAre(0, 1, 2, 3));
}

TEST(StageCheckpoint, may_begin_at_a_later_stage) {
  const auto network = std::make_shared<Network>();
  const auto map = drawn({5, 4}, 2);
  run_checkpointed(network, map, 2, 4).sum().backward();
  EXPECT_THAT(network->runs, ::testing::ElementsAre(2, 3, 3, 2));
  EXPECT_FALSE(network->parameters()[1].tensor.grad().defined()) << "the norm was not run";
}

TEST(StageCheckpoint, refuses_a_gradient_of_its_gradient) {
  const auto network = std::make_shared<Network>();
  const auto input = drawn({5, 4}, 2).requires_grad_(true);
  const auto loss = run_again(network, input).sum();
  EXPECT_THROW(torch::autograd::grad({loss}, {input}, {}, true, true), c10::Error);
}

}  // namespace
}  // namespace kindred::host
