#include "host/training/training_loss.hpp"

#include <ATen/ATen.h>

#include "host/contracts/contracts.hpp"
#include "host/distributed/local_communicator.hpp"
#include "host/loader/catalog.hpp"
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

at::Tensor TrainingLoss::forward(const at::Tensor& whole, const at::Tensor& labels, const at::Tensor& samples,
                                 int64_t step, Communicator& communicator) {
  at::Tensor sum;
  for (auto& term : terms_) {
    const auto embeddings = seen_by(term, whole);
    at::Tensor value;
    if (term.class_proxies) {
      value = loss_of_classes(term, embeddings, at::searchsorted(classes_, labels.contiguous()), limits_,
                              communicator);
    } else {
      const bool remembers = term.memory && step >= term.start_step;
      value = loss_of_pairs(term,
                            remembers ? term.memory->compared(embeddings, labels, samples)
                                      : ComparedSamples{embeddings, labels},
                            limits_, communicator);
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
    const auto value = loss_of_pairs(term, {seen_by(term, whole), labels}, limits_, alone) * term.weight;
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
