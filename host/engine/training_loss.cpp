#include "host/engine/training_loss.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "host/engine/contracts.hpp"
#include "host/engine/model.hpp"
#include "host/engine/named_tensors.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/issue.hpp"

namespace kindred::host {

void check_losses(const Catalog& catalog, const Pipeline& pipeline) {
  std::vector<Issue> issues;
  bool any_validates = pipeline.losses.empty();
  for (const auto& spec : pipeline.losses) {
    if (spec.info == nullptr) return;  // reported by the validator
    // Made for some place, to ask it what it takes.
    const auto loss = create_under_contract<Loss>(catalog, *spec.info, spec.params, {8, 2, 0});
    if (spec.miner.info != nullptr) {
      create_under_contract<Miner>(catalog, *spec.miner.info, spec.miner.params, {8, 2, 0});
    }
    const auto traits = loss->traits();
    any_validates = any_validates || !traits.class_proxies;
    if (traits.pairs) continue;
    const auto refuse = [&](const std::string& key, const std::string& what) {
      issues.push_back({pipeline.file, spec.pointer + "/" + key,
                        spec.info->id + " takes labels, not pairs, so " + what +
                            "; remove it, or take a loss over "
                            "pairs or triplets"});
    };
    if (spec.miner.info != nullptr) refuse("miner", "a miner has nothing to choose for it");
    if (spec.has_memory) refuse("memory", "earlier batches cannot be compared with");
  }
  if (!any_validates && pipeline.early_stopping.monitor == "validation.loss") {
    issues.push_back({pipeline.file, "/train/early_stopping/monitor",
                      "a loss with class proxies knows the training classes only, so there is no loss of the "
                      "validation classes; monitor a metric, such as \"validation.r_precision\""});
  }
  if (!issues.empty()) throw PipelineError(issues);
}

namespace {

void check_dataset(const Pipeline& pipeline, const LossSpec& spec, const LossTraits& traits, bool of_pairs) {
  const auto fail = [&](const std::string& key, const std::string& message) {
    throw PipelineError({{pipeline.file, spec.pointer + key, message}});
  };
  const auto& dataset = pipeline.dataset.info->id;
  if (of_pairs && !traits.scored_pairs) {
    fail("", spec.info->id + " takes samples with labels, but " + dataset +
                 " gives scored pairs; take a loss over those, such as multiple_negatives_ranking, "
                 "cosine_embedding, cosent or contrastive");
  }
  if (!of_pairs && !traits.groups) {
    fail("",
         spec.info->id + " takes scored pairs, but " + dataset +
             " gives samples with labels; take a loss over those, such as triplet, or a dataset of pairs");
  }
  if (of_pairs && spec.miner.info != nullptr)
    fail("/miner", "the pairs of " + dataset + " are given, not mined");
  if (of_pairs && spec.has_memory) {
    fail("/memory", "a memory compares samples by their labels, and " + dataset + " gives pairs");
  }
}

}  // namespace

void check_losses_take(const Catalog& catalog, const Pipeline& pipeline, bool of_pairs) {
  for (const auto& spec : pipeline.losses) {
    const auto loss = create_under_contract<Loss>(catalog, *spec.info, spec.params, {8, 2, 0});
    check_dataset(pipeline, spec, loss->traits(), of_pairs);
  }
}

TrainingLoss::TrainingLoss(const Catalog& catalog, const Pipeline& pipeline, int64_t dimension,
                           const at::Tensor& train_labels, at::Device device)
    : classes_(std::get<0>(at::_unique(train_labels, true)).to(device)) {
  const Site site{dimension, classes_.numel(), static_cast<uint64_t>(pipeline.root.seed)};
  for (const auto& spec : pipeline.losses) {
    Term term;
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
    if (spec.has_memory) {
      term.memory = std::make_unique<BatchMemory>(spec.memory.size, dimension, device);
      term.start_step = spec.memory.start_step;
    }
    terms_.push_back(std::move(term));
  }
}

at::Tensor TrainingLoss::mined(const Term& term, PairBatch batch) const {
  if (term.miner) {
    at::NoGradGuard no_grad;
    auto seen = batch;
    seen.embeddings = batch.embeddings.detach();
    seen.references =
        batch.references.is_same(batch.embeddings) ? seen.embeddings : batch.references.detach();
    auto kept = term.miner->mine(seen);
    batch.triplets = kept.triplets;
    batch.masks = kept.triplets.defined()
                      ? masks_of(kept.triplets, batch.embeddings.size(0), batch.references.size(0))
                      : kept.masks;
  }
  return term.loss->forward_pairs(batch);
}

at::Tensor TrainingLoss::class_numbers(const at::Tensor& labels) const {
  return at::searchsorted(classes_, labels.contiguous());
}

at::Tensor TrainingLoss::forward(const at::Tensor& embeddings, const at::Tensor& labels,
                                 const at::Tensor& samples, int64_t step) {
  at::Tensor sum;
  for (auto& term : terms_) {
    at::Tensor value;
    if (term.class_proxies) {
      value = term.loss->forward(embeddings, class_numbers(labels));
    } else if (term.memory && step >= term.start_step) {
      value = mined(term, term.memory->compared(embeddings, labels, samples));
    } else if (term.miner) {
      value = mined(term, pair_batch(embeddings, labels));
    } else {
      value = term.loss->forward(embeddings, labels);
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
    const auto value = term.loss->forward_scored(pairs) * term.weight;
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

at::Tensor TrainingLoss::validate(const at::Tensor& embeddings, const at::Tensor& labels) {
  at::Tensor sum;
  for (const auto& term : terms_) {
    if (term.class_proxies) continue;
    const auto value =
        (term.miner ? mined(term, pair_batch(embeddings, labels)) : term.loss->forward(embeddings, labels)) *
        term.weight;
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
  for (const auto& term : terms_) text += (text.empty() ? "" : " + ") + term.id;
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
