#include "host/run/check_losses.hpp"

#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/options/monitor.hpp"
#include "kindred/loss.hpp"
#include "kindred/miner.hpp"

namespace kindred::host {

void check_losses(const Catalog& catalog, const Pipeline& pipeline) {
  std::vector<Issue> issues;
  bool any_validates = pipeline.training.losses.empty();
  for (const auto& spec : pipeline.training.losses) {
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
    if (spec.memory) refuse("memory", "earlier batches cannot be compared with");
  }
  if (!any_validates && pipeline.training.early_stopping.monitor == kValidationLoss) {
    issues.push_back({pipeline.file, "/train/early_stopping/monitor",
                      "a loss with class proxies knows the training classes only, so there is no loss of the "
                      "validation classes; monitor a metric, such as \"validation.r_precision\""});
  }
  if (!issues.empty()) throw PipelineError(issues);
}

namespace {

void check_dataset(const Pipeline& pipeline, const LossSpec& spec, const LossTraits& traits, bool of_pairs,
                   std::vector<Issue>& issues) {
  const auto fail = [&](const std::string& key, const std::string& message) {
    issues.push_back({pipeline.file, spec.pointer + key, message});
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
  if (of_pairs && spec.memory) {
    fail("/memory", "a memory compares samples by their labels, and " + dataset + " gives pairs");
  }
}

}  // namespace

void check_losses_take(const Catalog& catalog, const Pipeline& pipeline, bool of_pairs) {
  std::vector<Issue> issues;
  for (const auto& spec : pipeline.training.losses) {
    if (spec.info == nullptr) continue;  // reported by the validator
    const auto loss = create_under_contract<Loss>(catalog, *spec.info, spec.params, {8, 2, 0});
    check_dataset(pipeline, spec, loss->traits(), of_pairs, issues);
  }
  if (!issues.empty()) throw PipelineError(issues);
}

std::vector<Issue> matryoshka_issues(const Pipeline& pipeline, const Model& model) {
  // Heads that are fitted in closed form behind the trained ones are not trained.
  const auto count = model.heads.count_to_last_trained();
  const auto dimension =
      count == 0 ? model.embedding_dimension : model.heads.stages[count - 1].head->output_dimension();
  std::vector<Issue> issues;
  for (const auto& spec : pipeline.training.losses) {
    if (!spec.matryoshka) continue;
    const auto& asked = spec.matryoshka->dimensions;
    for (size_t i = 0; i < asked.size(); ++i) {
      if (asked[i] <= dimension) continue;
      issues.push_back({pipeline.file, spec.pointer + "/matryoshka/dimensions/" + std::to_string(i),
                        "embeddings have " + std::to_string(dimension) + " numbers, so that " +
                            std::to_string(asked[i]) + " of them cannot be taken"});
    }
  }
  return issues;
}

}  // namespace kindred::host
