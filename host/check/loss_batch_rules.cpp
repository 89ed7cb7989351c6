#include "host/check/loss_batch_rules.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <optional>
#include <utility>

namespace kindred::host {

at::Tensor gradient_of(Loss& loss, const LossExample& of) {
  const auto x = of.embeddings.detach().clone().requires_grad_(true);
  const auto value = value_of(loss, with_embeddings(of, x));
  require(value.defined() && value.numel() == 1, "returns something that is not one number");
  require(value.requires_grad(), "returns a number without a gradient");
  value.backward();
  require(x.grad().defined(), "has no gradient of the embeddings");
  return x.grad();
}

std::shared_ptr<Loss> double_loss(const Subject& subject) {
  auto loss = subject.make<Loss>();
  for (const auto& one : module_tensors(*loss)) {
    if (at::isFloatingType(one.tensor.scalar_type())) one.tensor.set_data(one.tensor.to(at::kDouble));
  }
  return loss;
}

namespace {

void pairs_are_the_labels(const Subject& subject) {
  const auto loss = double_loss(subject);
  if (!loss->traits().pairs) return;
  const auto given = labelled_example();
  const double by_labels = value_of(*loss, given).item<double>(),
               by_pairs = loss->forward_pairs(pair_batch(given.embeddings, given.labels)).item<double>();
  require(std::abs(by_labels - by_pairs) <= 1e-9 * std::max(1.0, std::abs(by_labels)),
          "gives {} for labels and {} for the same pairs", by_labels, by_pairs);
}

/// Half of the samples are references only, as those of a memory are.
void references_have_no_part_as_anchors(const Subject& subject) {
  const auto loss = double_loss(subject);
  if (!loss->traits().pairs) return;
  const auto given = labelled_example();
  const auto all = pair_masks(given.labels);
  const auto anchors = given.embeddings.slice(0, 0, 6).clone().requires_grad_(true);
  PairBatch batch = {anchors,
                     at::cat({anchors, given.embeddings.slice(0, 6)}),
                     {all.positive.slice(0, 0, 6), all.negative.slice(0, 0, 6)},
                     {}};
  const auto value = loss->forward_pairs(batch);
  require(std::isfinite(value.item<double>()), "gives {} with references beside the batch",
          value.item<double>());
  value.backward();
  require(anchors.grad().defined() && anchors.grad().isfinite().all().item<bool>(),
          "has no finite gradient with references beside the batch");
  // The order of references that are not in the batch says nothing.
  const auto order = at::cat({at::arange(6, at::kLong), at::arange(6, at::kLong).flip(0) + 6});
  const PairBatch turned = {
      batch.embeddings.detach(),
      batch.references.detach().index_select(0, order),
      {batch.masks.positive.index_select(1, order), batch.masks.negative.index_select(1, order)},
      {}};
  const double again = loss->forward_pairs(turned).item<double>();
  require(std::abs(value.item<double>() - again) <= 1e-9 * std::max(1.0, std::abs(again)),
          "depends on the order of the references: {} and {}", value.item<double>(), again);
}

/// Says whether two gradients are equal; one that is not defined is zero.
bool same_gradient(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  if (a.defined() && b.defined()) return at::allclose(a, b, tolerance, tolerance);
  const auto& one = a.defined() ? a : b;
  return !one.defined() || one.abs().max().item<double>() <= tolerance;
}

/// What the samples [first, end) of a batch add to a loss that comes in parts; nothing where it does not.
std::optional<LossSums> sums_of(Loss& loss, const at::Tensor& x, const at::Tensor& labels, int64_t first,
                                int64_t end) {
  auto* samples = dynamic_cast<SumsOverSamples*>(&loss);
  if (samples != nullptr && samples->is_sum_over_samples())
    return samples->sum_over_samples(x.slice(0, first, end), labels.slice(0, first, end));
  auto* anchors = dynamic_cast<SumsOverAnchors*>(&loss);
  if (anchors == nullptr || !anchors->is_sum_over_anchors()) return {};
  return anchors->sum_over_anchors(
      {x.slice(0, first, end), x, pair_masks(labels, at::arange(first, end, labels.options())), {}});
}

/// Samples come in parts of 5, 1 and 6, whose sums have to be those of the whole batch.
void parts_add_up(const Subject& subject) {
  constexpr double kTolerance = 1e-6;
  const auto loss = double_loss(subject);
  const auto given = labelled_example();
  const auto x = given.embeddings.detach().clone().requires_grad_(true);
  LossSums all;
  for (const auto& [first, end] : {std::pair<int64_t, int64_t>{0, 5}, {5, 6}, {6, 12}}) {
    const auto part = sums_of(*loss, x, given.labels, first, end);
    if (!part) return;
    require(!part->counts.requires_grad(), "gives counts with a gradient");
    require(!all.sums.defined() || all.sums.numel() == part->sums.numel(),
            "gives {} sums for one part of a batch and {} for another", all.sums.numel(), part->sums.numel());
    all = all.sums.defined() ? LossSums{all.sums + part->sums, all.counts + part->counts} : *part;
  }
  const auto value = loss_of(all);
  const double parts = value.item<double>(), whole = value_of(*loss, given).item<double>();
  require(std::abs(parts - whole) <= kTolerance * std::max(1.0, std::abs(whole)),
          "gives {} for a batch and {} for its samples in three parts", whole, parts);
  value.backward();
  require(same_gradient(x.grad(), gradient_of(*loss, given), kTolerance),
          "gives a batch another gradient where its samples come in three parts");
}

/// A loss with the parameters that all processes begin with.
std::shared_ptr<Loss> same_loss(const Subject& subject) {
  at::manual_seed(1);
  return double_loss(subject);
}

/// Several processes that train together each compute the loss of the whole batch, unless it is divided, and
/// only their own rows have a graph. What they learn is right if those rows get the gradient that they would
/// get in one process, and parameters of the loss the same one everywhere.
void processes_can_share_a_batch(const Subject& subject) {
  constexpr int64_t kProcesses = 3;
  constexpr double kTolerance = 1e-6;
  const auto whole_loss = same_loss(subject);
  for (const auto& given : loss_examples(*whole_loss)) {
    const auto alone = same_loss(subject);
    const auto expected = gradient_of(*alone, given);
    const double value = value_of(*alone, given).item<double>();
    const auto rows = given.embeddings.size(0);
    for (int64_t rank = 0; rank < kProcesses; ++rank) {
      const auto first = rank * rows / kProcesses, end = (rank + 1) * rows / kProcesses;
      const auto mine = given.embeddings.detach().slice(0, first, end).clone().requires_grad_(true);
      const auto all = at::cat(
          {given.embeddings.detach().slice(0, 0, first), mine, given.embeddings.detach().slice(0, end)});
      const auto shared = same_loss(subject);
      const auto shared_value = value_of(*shared, with_embeddings(given, all));
      require(std::abs(shared_value.item<double>() - value) <= kTolerance * std::max(1.0, std::abs(value)),
              "gives {} in a process that shares a batch and {} in one that has it alone",
              shared_value.item<double>(), value);
      shared_value.backward();
      require(same_gradient(mine.grad(), expected.slice(0, first, end), kTolerance),
              "gives samples another gradient where processes share a batch of {}", given.what());
      const auto parameters = shared->parameters(), same = alone->parameters();
      for (size_t i = 0; i < parameters.size(); ++i) {
        require(same_gradient(parameters[i].tensor.grad(), same[i].tensor.grad(), kTolerance),
                "gives its parameter {} another gradient where processes share a batch", parameters[i].name);
      }
    }
  }
}

}  // namespace

std::vector<Rule> loss_batch_rules() {
  return {
      {"pairs_are_the_labels", "pairs give what the labels give", pairs_are_the_labels},
      {"references_have_no_part_as_anchors", "references beyond the batch are compared with, no more",
       references_have_no_part_as_anchors},
      {"parts_add_up", "a batch in parts adds up to the whole batch", parts_add_up},
      {"processes_can_share_a_batch", "processes that share a batch get the gradient of one",
       processes_can_share_a_batch},
  };
}

}  // namespace kindred::host
