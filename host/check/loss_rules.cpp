#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "host/base/system_info.hpp"
#include "host/check/examples/loss_examples.hpp"
#include "host/check/loss_batch_rules.hpp"
#include "host/check/rule.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

namespace {

void gradient_is_right_at(Loss& loss, const LossExample& at_point) {
  constexpr double kStep = 1e-6, kTolerance = 1e-4;
  const auto gradient = gradient_of(loss, at_point);
  const double scale = std::max(1e-3, gradient.abs().max().item<double>());
  int64_t wrong = 0;
  for (int64_t i = 0; i < gradient.numel(); ++i) {
    const auto moved = [&](double by) {
      const auto other = with_embeddings(at_point, at_point.embeddings.clone());
      other.embeddings.view(-1)[i] += by;
      return value_of(loss, other).item<double>();
    };
    const double numeric = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    wrong += std::abs(numeric - gradient.view(-1)[i].item<double>()) > kTolerance * scale;
  }
  // A kink, such as a hinge's, may lie within one step of a few coordinates.
  require(wrong <= gradient.numel() / 100,
          "has a gradient that differs from finite differences in {} of {} numbers of {}", wrong,
          gradient.numel(), at_point.what());
}

void gradient_is_right(const Subject& subject) {
  const auto loss = double_loss(subject);
  if (loss->traits().constant_factors) return;  // its gradient is not the derivative of its value
  for (const uint64_t seed : {1, 2, 3}) {
    for (const auto& at_point : loss_examples(*loss, seed)) gradient_is_right_at(*loss, at_point);
  }
}

void order_does_not_matter(const Subject& subject) {
  const auto loss = double_loss(subject);
  if (loss->traits().order_matters) return;
  for (const auto& given : loss_examples(*loss)) {
    const double a = value_of(*loss, given).item<double>(),
                 b = value_of(*loss, in_order(given, at::randperm(12, at::kLong))).item<double>();
    require(std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(a)),
            "gives {} for {} and {} for the same in another order", a, given.what(), b);
  }
}

void numbers_are_names(const Subject& subject) {
  const auto loss = double_loss(subject);
  for (const auto& given : loss_examples(*loss)) {
    if (!given.is_of_pairs() && loss->traits().class_proxies) continue;  // its classes are 0 to C - 1
    const double a = value_of(*loss, given).item<double>();
    for (const auto& other : renumbered(given)) {
      const double b = value_of(*loss, other).item<double>();
      require(std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(a)),
              "gives {} for {} and {} with other numbers of the same {}", a, given.what(), b,
              given.is_of_pairs() ? "objects and subgroups" : "classes");
    }
  }
}

void is_finite_at_the_edges(const Subject& subject) {
  const auto loss = double_loss(subject);
  for (const auto& [name, edge] : loss_edges(*loss)) {
    for (const auto dtype : {at::kDouble, at::kFloat}) {
      const auto fresh = dtype == at::kDouble ? loss : subject.make<Loss>();
      const auto given = with_embeddings(edge, edge.embeddings.to(dtype));
      const double value = value_of(*fresh, given).item<double>();
      require(std::isfinite(value), "gives {} for {} ({}, {})", value, name, given.what(),
              at::toString(dtype));
      require(gradient_of(*fresh, given).isfinite().all().item<bool>(),
              "has a gradient that is not finite for {} ({}, {})", name, given.what(), at::toString(dtype));
    }
  }
}

void keeps_dtype_and_shape(const Subject& subject) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    const auto loss = dtype == at::kDouble ? double_loss(subject) : subject.make<Loss>();
    for (const auto& given : loss_examples(*loss)) {
      const auto value = value_of(*loss, with_embeddings(given, given.embeddings.to(dtype)));
      require(value.numel() == 1 && value.dim() == 0, "gives a tensor of {} dimensions, not a scalar",
              value.dim());
      require(value.scalar_type() == dtype, "gives {} for {}", at::toString(value.scalar_type()),
              at::toString(dtype));
      require(value.device() == given.embeddings.device(), "gives a number on {} for embeddings on {}",
              value.device().str(), given.embeddings.device().str());
    }
  }
}

void leaves_its_input_alone(const Subject& subject) {
  const auto loss = double_loss(subject);
  for (const auto& given : loss_examples(*loss)) {
    std::vector<at::Tensor> before;
    for (const auto& one : inputs_of(given)) before.push_back(one.clone());
    value_of(*loss, given);
    const auto after = inputs_of(given);
    for (size_t i = 0; i < after.size(); ++i)
      require(at::equal(after[i], before[i]), "changes the tensors that it is given");
  }
}

void repeats_itself(const Subject& subject) {
  const auto loss = double_loss(subject);
  for (const auto& given : loss_examples(*loss)) {
    const double a = value_of(*loss, given).item<double>(), b = value_of(*loss, given).item<double>();
    require(a == b, "gives {} and then {} for the same batch", a, b);
  }
}

void memory_does_not_grow(const Subject& subject) {
  constexpr int64_t kAllowed = int64_t{8} << 20;
  const auto loss = subject.make<Loss>();
  for (const auto& given : loss_examples(*loss)) {
    const auto batch = with_embeddings(given, given.embeddings.to(at::kFloat));
    for (int i = 0; i < 100; ++i) gradient_of(*loss, batch);
    const auto before = resident_bytes();
    for (int i = 0; i < 1000; ++i) gradient_of(*loss, batch);
    const auto grown = resident_bytes() - before;
    require(grown < kAllowed, "takes {} MiB more memory after 1000 calls", grown >> 20);
  }
}

Behaviour behaviour_of(Loss& loss) {
  Behaviour out;
  for (const auto& given : loss_examples(loss))
    out.push_back(value_of(loss, with_embeddings(given, given.embeddings.to(at::kFloat))).detach());
  return out;
}

}  // namespace

template <>
KindChecks checks_of<Loss>() {
  std::vector<Rule> rules = {
      {"gradient_is_right", "its gradient equals finite differences in float64", gradient_is_right},
      {"order_does_not_matter", "the order of a batch does not change it", order_does_not_matter},
      {"numbers_are_names", "classes, objects and subgroups are equal or not, no more", numbers_are_names},
      {"is_finite_at_the_edges", "value and gradient are finite in degenerate batches",
       is_finite_at_the_edges},
      {"keeps_dtype_and_shape", "it is a scalar of the embeddings' dtype, on their device",
       keeps_dtype_and_shape},
      {"leaves_its_input_alone", "embeddings, labels and pairs are not changed", leaves_its_input_alone},
      {"repeats_itself", "the same batch gives the same number", repeats_itself},
      {"memory_does_not_grow", "1000 calls take no memory that stays", memory_does_not_grow},
  };
  return kind_checks<Loss>(behaviour_of, joined(std::move(rules), loss_batch_rules()));
}

}  // namespace kindred::host
