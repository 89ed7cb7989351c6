#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "host/check/module_rules.hpp"
#include "kindred/head.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kRows = 64;

/// Drawn once, so that later calls leave the global generator, which a head may use, alone.
at::Tensor embeddings() {
  static const auto drawn = at::randn({kRows, Subject::kDimension});
  return drawn.clone();
}

void fit_if_needed(Head& head) {
  at::NoGradGuard no_grad;
  if (head.needs_fit()) head.fit(embeddings(), at::arange(kRows, at::kLong).remainder(Subject::kClasses));
}

std::shared_ptr<Head> made(const Subject& subject, uint64_t seed) {
  at::manual_seed(seed);
  auto head = subject.make<Head>(seed);
  fit_if_needed(*head);
  return head;
}

at::Tensor output(Module& head) { return static_cast<Head&>(head).forward(embeddings()); }

void shape_is_as_announced(const Subject& subject) {
  const auto head = made(subject, 1);
  for (const bool training : {false, true}) {
    head->train(training);
    const auto out = head->forward(embeddings());
    require(out.dim() == 2 && out.size(0) == kRows, "does not give a row per row");
    require(out.size(1) == head->output_dimension(), "gives {} numbers, but output_dimension() is {}",
            out.size(1), head->output_dimension());
    require(out.scalar_type() == at::kFloat, "gives {}, not float32", at::toString(out.scalar_type()));
    require(out.isfinite().all().item<bool>(), "gives numbers that are not finite");
  }
}

void rows_are_independent(const Subject& subject) {
  at::NoGradGuard no_grad;
  const auto head = made(subject, 1);
  head->train(false);
  const auto all = head->forward(embeddings());
  require(at::allclose(all.slice(0, 3, 4), head->forward(embeddings().slice(0, 3, 4)), 1e-4, 1e-5),
          "gives another row for a sample alone than in a batch");
}

void evaluation_is_deterministic(const Subject& subject) { require_determinism(*made(subject, 1), output); }
void tensors_are_stable(const Subject& subject) {
  require_stable_tensors(*made(subject, 1), *made(subject, 2));
}
void state_is_in_its_tensors(const Subject& subject) {
  require_state_in_tensors(*made(subject, 1), *made(subject, 2), output);
}

void gradients_reach_everything(const Subject& subject) {
  const auto head = made(subject, 1);
  head->train(true);
  for (const auto& one : head->parameters()) one.tensor.requires_grad_(true);
  const auto x = embeddings().requires_grad_(true);
  // The sum is weighted at random: a normalisation may rightly make the gradient of a plain sum zero.
  (head->forward(x) * at::randn({kRows, head->output_dimension()})).sum().backward();
  require(x.grad().defined(), "lets no gradient through to its input");
  for (const auto& one : head->parameters()) {
    require(one.tensor.grad().defined(), "lets no gradient reach its parameter {}", one.name);
  }
}

void leaves_its_input_alone(const Subject& subject) {
  const auto head = made(subject, 1);
  const auto x = embeddings(), before = x.clone();
  head->forward(x);
  require(at::equal(x, before), "changes the tensor that it is given");
}

Behaviour behaviour_of(Head& head) {
  at::NoGradGuard no_grad;
  fit_if_needed(head);
  return {output(head)};
}

}  // namespace

template <>
KindChecks checks_of<Head>() {
  return kind_checks<Head>(
      behaviour_of,
      {
          {"shape_is_as_announced", "float32 (B, output_dimension()), finite", shape_is_as_announced},
          {"rows_are_independent", "in evaluation mode a row does not depend on its batch",
           rows_are_independent},
          {"evaluation_is_deterministic", "evaluation mode gives the same twice",
           evaluation_is_deterministic},
          {"tensors_are_stable", "names are unique and do not change", tensors_are_stable},
          {"state_is_in_its_tensors", "restoring its tensors restores it", state_is_in_its_tensors},
          {"gradients_reach_everything", "input and parameters get gradients", gradients_reach_everything},
          {"leaves_its_input_alone", "the embeddings are not changed", leaves_its_input_alone},
      });
}

}  // namespace kindred::host
