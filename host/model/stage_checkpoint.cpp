#include "host/model/stage_checkpoint.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>
#include <utility>
#include <vector>

#include "host/model/model.hpp"

namespace kindred::host {
namespace {

/// Generators that layers draw from: the processor's, and that of the map's device where it has another.
class Generators {
 public:
  explicit Generators(at::Device device) : all_{at::globalContext().defaultGenerator(at::kCPU)} {
    if (!device.is_cpu()) all_.push_back(at::globalContext().defaultGenerator(device));
  }

  std::vector<at::Tensor> states() {
    std::vector<at::Tensor> found;
    for (auto& one : all_) {
      const std::lock_guard<std::mutex> lock(one.mutex());
      found.push_back(one.get_state());
    }
    return found;
  }

  void set_states(const std::vector<at::Tensor>& states) {
    for (size_t i = 0; i < all_.size(); ++i) {
      const std::lock_guard<std::mutex> lock(all_[i].mutex());
      all_[i].set_state(states[i]);
    }
  }

 private:
  std::vector<at::Generator> all_;
};

/// What the backward pass needs of a stage besides tensors.
struct StageRun final : torch::CustomClassHolder {
  std::shared_ptr<Encoder> encoder;
  int64_t stage = 0;
  std::vector<at::Tensor> generator_states;
};

class CheckpointedStage : public torch::autograd::Function<CheckpointedStage> {
 public:
  /// `parameters` are all that are trained, since a stage may share one with another stage.
  static at::Tensor forward(torch::autograd::AutogradContext* context,
                            const std::shared_ptr<Encoder>& encoder, int64_t stage, const at::Tensor& input,
                            at::TensorList parameters) {
    auto run = c10::make_intrusive<StageRun>();
    run->encoder = encoder;
    run->stage = stage;
    run->generator_states = Generators(input.device()).states();
    context->saved_data["run"] = c10::IValue::make_capsule(std::move(run));
    torch::autograd::variable_list saved = {input};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    at::Tensor out;
    {
      // Layers may compute in another order where no gradient is asked for. What is recorded ends with this
      // call.
      const at::AutoGradMode record(true);
      out = encoder->run_stages(input.detach().requires_grad_(input.requires_grad()), stage, stage + 1);
    }
    // The next stage may write into what it is given, but not into the input that is kept here.
    return out.is_alias_of(input) ? out.detach().clone() : out.variable_data();
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a stage with gradient_checkpointing has no second derivative");
    const auto capsule = context->saved_data["run"].toCapsule();
    const auto& run = static_cast<const StageRun&>(*capsule);
    auto inputs = context->get_saved_variables();
    inputs[0] = inputs[0].detach().requires_grad_(context->needs_input_grad(0));
    Generators generators(inputs[0].device());
    const auto states = generators.states();
    const auto statistics = snapshot(run.encoder->buffers());
    generators.set_states(run.generator_states);
    torch::autograd::variable_list found(inputs.size());
    {
      const at::AutoGradMode record(true);
      const auto out = run.encoder->run_stages(inputs[0], run.stage, run.stage + 1);
      if (out.requires_grad()) found = gradients_of(out, gradients[0], inputs);
    }
    // The gradient may read statistics, so they are restored behind it.
    restore(run.encoder->buffers(), statistics);
    generators.set_states(states);
    // Two arguments before the input are no tensors.
    torch::autograd::variable_list all(2);
    all.insert(all.end(), found.begin(), found.end());
    return all;
  }

 private:
  /// Undefined for an input that wants none, or that the stage does not use.
  static torch::autograd::variable_list gradients_of(const at::Tensor& out, const at::Tensor& gradient,
                                                     const torch::autograd::variable_list& inputs) {
    torch::autograd::variable_list wanted;
    for (const auto& one : inputs) {
      if (one.requires_grad()) wanted.push_back(one);
    }
    auto found = torch::autograd::grad({out}, wanted, {gradient}, false, false, true);
    torch::autograd::variable_list in_place(inputs.size());
    auto next = found.begin();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].requires_grad()) in_place[i] = std::move(*next++);
    }
    return in_place;
  }
};

}  // namespace

at::Tensor run_checkpointed(const std::shared_ptr<Encoder>& encoder, const at::Tensor& input, int64_t first,
                            int64_t last) {
  if (!at::GradMode::is_enabled()) return encoder->run_stages(input, first, last);
  std::vector<at::Tensor> trained;
  for (const auto& one : encoder->parameters()) {
    if (one.tensor.requires_grad()) trained.push_back(one.tensor);
  }
  auto map = input;
  for (int64_t stage = first; stage < last; ++stage)
    map = CheckpointedStage::apply(encoder, stage, map, at::TensorList(trained));
  return map;
}

}  // namespace kindred::host
