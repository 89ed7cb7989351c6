#include "host/training/training_loss.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/contracts/contracts.hpp"
#include "host/distributed/local_communicator.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/guarded_call.hpp"
#include "host/model/model.hpp"
#include "host/model/named_tensors.hpp"

namespace kindred::host {

namespace {

LossTerm made_term(const Catalog& catalog, const LossSpec& spec, const Site& site, at::Device device) {
  LossTerm term;
  term.id = spec.info->id;
  term.plugin = spec.info->plugin_id;
  term.weight = spec.weight;
  term.loss = create_under_contract<Loss>(catalog, *spec.info, spec.params, site);
  term.class_proxies = term.loss->traits().class_proxies;
  move_to(module_tensors(*term.loss), device);
  if (spec.miner.info != nullptr) {
    term.miner = create_under_contract<Miner>(catalog, *spec.miner.info, spec.miner.params, site);
    move_to(module_tensors(*term.miner), device);
  }
  if (spec.memory) {
    term.memory = std::make_unique<BatchMemory>(spec.memory->size, site.input_dimension, device);
    term.start_step = spec.memory->start_step;
  }
  return term;
}

/// What a term sees of embeddings (B, D).
at::Tensor seen_by(const LossTerm& term, const at::Tensor& embeddings) {
  const bool sees_all = term.dimension == 0 || term.dimension == embeddings.size(1);
  return sees_all ? embeddings : embeddings.narrow(1, 0, term.dimension).contiguous();
}

/// Returns what all losses that come in parts have.
LossOfParts parts_of(const LossTerm& term, const at::Tensor& embeddings, int64_t columns) {
  LossOfParts out{embeddings, {}, columns, {}, {}};
  for (const auto& one : term.loss->parameters()) {
    if (one.tensor.requires_grad()) out.parameters.push_back(one.tensor);
  }
  out.call_backward = [&term](const std::function<void()>& backward) {
    guard(term.plugin, term.id, "backward", backward);
  };
  return out;
}

/// Returns how many proxies a loss has: the rows of its largest parameter, or one.
int64_t proxies_of(const LossTerm& term) {
  int64_t rows = 1;
  for (const auto& one : term.loss->parameters()) {
    if (one.tensor.dim() > 0) rows = std::max(rows, one.tensor.size(0));
  }
  return rows;
}

/// Returns the pairs of a batch that a miner keeps.
PairBatch mined(Miner& miner, PairBatch batch) {
  const at::NoGradGuard no_grad;
  auto seen = batch;
  seen.embeddings = batch.embeddings.detach();
  seen.references = batch.references.is_same(batch.embeddings) ? seen.embeddings : batch.references.detach();
  auto kept = miner.mine(seen);
  batch.triplets = kept.triplets;
  batch.masks = kept.triplets.defined()
                    ? masks_of(kept.triplets, batch.embeddings.size(0), batch.references.size(0))
                    : kept.masks;
  return batch;
}

/// Returns the loss as a sum over anchors, of which the host may compute some at a time; null where it is
/// none, or where its miner has to see all of them.
SumsOverAnchors* by_anchors(const LossTerm& term) {
  auto* sums = dynamic_cast<SumsOverAnchors*>(term.loss.get());
  if (sums == nullptr || !sums->is_sum_over_anchors()) return nullptr;
  if (!term.miner) return sums;
  const auto* miner = dynamic_cast<const MinesByAnchor*>(term.miner.get());
  return miner != nullptr && miner->mines_by_anchor() ? sums : nullptr;
}

/// Draws a number from the global generator, to set it to.
uint64_t drawn_seed() {
  return static_cast<uint64_t>(at::randint(int64_t{1} << 62, {}, at::kLong).item<int64_t>());
}

}  // namespace

TrainingLoss::TrainingLoss(std::vector<LossTerm> terms, const at::Tensor& train_labels, at::Device device,
                           const PartLimits& limits)
    : terms_(std::move(terms)),
      limits_(limits),
      classes_(std::get<0>(at::_unique(train_labels, true)).to(device)) {}

TrainingLoss::TrainingLoss(const Catalog& catalog, const TrainingOptions& options, int64_t dimension,
                           const at::Tensor& train_labels, at::Device device)
    : TrainingLoss(std::vector<LossTerm>{}, train_labels, device) {
  const auto sizes = std::get<2>(at::_unique2(train_labels, true, false, true)).contiguous();
  Site site{dimension, classes_.numel(), options.seed, {}};
  site.class_sizes.assign(sizes.data_ptr<int64_t>(), sizes.data_ptr<int64_t>() + sizes.numel());
  for (const auto& spec : options.losses) {
    site.input_dimension = dimension;
    if (!spec.matryoshka) {
      terms_.push_back(made_term(catalog, spec, site, device));
      continue;
    }
    const auto& [dimensions, weights] = *spec.matryoshka;
    for (size_t i = 0; i < dimensions.size(); ++i) {
      site.input_dimension = dimensions[i];
      auto term = made_term(catalog, spec, site, device);
      term.dimension = dimensions[i];
      if (!weights.empty()) term.weight *= weights[i];
      terms_.push_back(std::move(term));
    }
  }
}

at::Tensor TrainingLoss::of_anchors(const LossTerm& term, SumsOverAnchors& sums,
                                    const ComparedSamples& compared, Communicator& communicator) const {
  auto parts = parts_of(term, compared.embeddings, compared.references());
  // Anchors of one class have their positives in common, which some losses compute with once a part.
  const auto by_class = std::get<1>(at::sort(compared.labels, /*stable=*/true, 0, false));
  // What a miner draws depends on the part alone, and what is drawn next on no part, of which every process
  // has others.
  const auto seed = term.miner ? drawn_seed() : 0;
  parts.part = [&](const at::Tensor& embeddings, int64_t first, int64_t end) {
    auto seen = compared;
    seen.embeddings = embeddings;
    auto batch = seen.rows(by_class.slice(0, first, end));
    if (!term.miner) return sums.sum_over_anchors(batch);
    at::manual_seed(seed + static_cast<uint64_t>(first) + 1);
    return sums.sum_over_anchors(mined(*term.miner, std::move(batch)));
  };
  auto value = loss_by_parts(parts, limits_, communicator);
  if (term.miner) at::manual_seed(seed);
  return value;
}

at::Tensor TrainingLoss::of_pairs(const LossTerm& term, const ComparedSamples& compared,
                                  Communicator& communicator) const {
  auto* sums = by_anchors(term);
  if (sums != nullptr && pays_by_parts(compared.embeddings, compared.references(), limits_, communicator)) {
    return of_anchors(term, *sums, compared, communicator);
  }
  if (term.miner) return term.loss->forward_pairs(mined(*term.miner, compared.batch()));
  return compared.remembered.defined() ? term.loss->forward_pairs(compared.batch())
                                       : term.loss->forward(compared.embeddings, compared.labels);
}

at::Tensor TrainingLoss::of_classes(const LossTerm& term, const at::Tensor& embeddings,
                                    const at::Tensor& labels, Communicator& communicator) const {
  const auto numbers = at::searchsorted(classes_, labels.contiguous());
  auto* sums = dynamic_cast<SumsOverSamples*>(term.loss.get());
  const bool may_divide = sums != nullptr && sums->is_sum_over_samples();
  const auto proxies = may_divide ? proxies_of(term) : 0;
  if (may_divide && pays_by_parts(embeddings, proxies, limits_, communicator)) {
    auto parts = parts_of(term, embeddings, proxies);
    parts.part = [&](const at::Tensor& x, int64_t first, int64_t end) {
      return sums->sum_over_samples(x.slice(0, first, end), numbers.slice(0, first, end));
    };
    return loss_by_parts(parts, limits_, communicator);
  }
  return term.loss->forward(embeddings, numbers);
}

at::Tensor TrainingLoss::forward(const at::Tensor& whole, const at::Tensor& labels, const at::Tensor& samples,
                                 int64_t step, Communicator& communicator) {
  at::Tensor sum;
  for (auto& term : terms_) {
    const auto embeddings = seen_by(term, whole);
    at::Tensor value;
    if (term.class_proxies) {
      value = of_classes(term, embeddings, labels, communicator);
    } else {
      const bool remembers = term.memory && step >= term.start_step;
      value = of_pairs(term,
                       remembers ? term.memory->compared(embeddings, labels, samples)
                                 : ComparedSamples{embeddings, labels},
                       communicator);
    }
    if (term.memory) term.memory->add(embeddings, labels, samples);
    if (term.weight != 1) value = value * term.weight;
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

at::Tensor TrainingLoss::forward(const ScoredPairs& pairs) {
  at::Tensor sum;
  for (const auto& term : terms_) {
    auto seen = pairs;
    seen.a = seen_by(term, pairs.a);
    seen.b = seen_by(term, pairs.b);
    const auto value = term.loss->forward_scored(seen) * term.weight;
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

at::Tensor TrainingLoss::validate(const at::Tensor& whole, const at::Tensor& labels) {
  at::Tensor sum;
  LocalCommunicator alone;
  for (const auto& term : terms_) {
    if (term.class_proxies) continue;
    const auto value = of_pairs(term, {seen_by(term, whole), labels}, alone) * term.weight;
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

bool TrainingLoss::can_validate() const {
  for (const auto& term : terms_) {
    if (!term.class_proxies) return true;
  }
  return false;
}

void TrainingLoss::train(bool on) {
  for (const auto& term : terms_) {
    term.loss->train(on);
    if (term.miner) term.miner->train(on);
  }
}

std::string TrainingLoss::prefix(size_t term) const {
  return terms_.size() == 1 ? "" : std::to_string(term) + ".";
}

std::vector<NamedTensor> TrainingLoss::parameters() const {
  std::vector<NamedTensor> all;
  for (size_t i = 0; i < terms_.size(); ++i) {
    append_named(all, prefix(i), terms_[i].loss->parameters());
  }
  return all;
}

std::vector<NamedTensor> TrainingLoss::tensors() const {
  std::vector<NamedTensor> all;
  for (size_t i = 0; i < terms_.size(); ++i) {
    append_named(all, prefix(i), module_tensors(*terms_[i].loss));
  }
  return all;
}

std::vector<NamedTensor> TrainingLoss::memories() const {
  std::vector<NamedTensor> all;
  for (size_t i = 0; i < terms_.size(); ++i) {
    if (terms_[i].memory) append_named(all, "memory." + prefix(i), terms_[i].memory->tensors());
  }
  return all;
}

std::string TrainingLoss::name() const {
  std::string text;
  for (size_t i = 0; i < terms_.size(); ++i) {
    // Those of one loss with "matryoshka" stand beside each other.
    const bool is_another = i > 0 && terms_[i].dimension > 0 && terms_[i].id == terms_[i - 1].id;
    if (!is_another) text += (text.empty() ? "" : " + ") + terms_[i].id;
  }
  return text;
}

std::string TrainingLoss::plugin() const {
  std::string text;
  for (const auto& term : terms_) {
    if (text.find(term.plugin) == std::string::npos) text += (text.empty() ? "" : ", ") + term.plugin;
  }
  return text;
}

}  // namespace kindred::host
