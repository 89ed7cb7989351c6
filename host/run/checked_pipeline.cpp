#include "host/run/checked_pipeline.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "host/base/issue.hpp"
#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/plugin_error.hpp"
#include "host/run/check_losses.hpp"
#include "host/run/check_model.hpp"
#include "host/run/components.hpp"
#include "host/run/trained_stages.hpp"
#include "host/run/weights_advice.hpp"
#include "kindred/head.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {

namespace {

constexpr int64_t kSomeDimension = 64;

bool any_loss_learns(const Catalog& catalog, const Pipeline& pipeline) {
  return std::any_of(
      pipeline.training.losses.begin(), pipeline.training.losses.end(), [&](const LossSpec& spec) {
        if (spec.info == nullptr) return true;  // reported by the validator
        return !create_under_contract<Loss>(catalog, *spec.info, spec.params, {kSomeDimension, 2, 0})
                    ->parameters()
                    .empty();
      });
}

/// Makes the heads for some dimension, since only they know some of their mistakes.
void check_heads(const Catalog& catalog, const Pipeline& pipeline) {
  std::vector<Issue> issues;
  bool learns = pipeline.learns() || pipeline.training.losses.empty() || pipeline.training.epochs == 0;
  const auto check = [&](const ComponentSpec& spec) {
    if (spec.info == nullptr) {  // reported by the validator; it may learn
      learns = true;
      return;
    }
    Site site;
    site.input_dimension = kSomeDimension;
    try {
      const auto head = create_under_contract<Head>(catalog, *spec.info, spec.params, site);
      learns = learns || !head->parameters().empty();
    } catch (const PluginError& error) {
      issues.push_back({pipeline.file, spec.pointer, error.what()});
    }
  };
  for (const auto& spec : pipeline.heads) {
    if (spec.switch_on.empty() && spec.branches.empty()) check(spec);
    for (const auto& branch : spec.branches) std::for_each(branch.begin(), branch.end(), check);
  }
  if (issues.empty() && !learns && !any_loss_learns(catalog, pipeline)) {
    issues.push_back({pipeline.file, "/train",
                      "there is nothing to train: every encoder is frozen, and neither head nor loss has "
                      "parameters; set \"epochs\": 0, make an encoder \"trainable\" or add a head"});
  }
  if (!issues.empty()) throw PipelineError(issues);
}

/// Some checks need the same component, and each says what is wrong with it.
void drop_repeated(std::vector<Issue>& issues) {
  std::set<std::string> said;
  const auto is_repeated = [&](const Issue& issue) { return !said.insert(issue_text(issue)).second; };
  issues.erase(std::remove_if(issues.begin(), issues.end(), is_repeated), issues.end());
}

}  // namespace

Pipeline checked_pipeline(const Document& document, const Catalog& catalog, DatasetUse dataset, DataLook look,
                          DataCheck* found) {
  std::vector<Issue> issues;
  std::vector<PluginError> failures;
  auto pipeline = validate_pipeline(document, catalog, issues, dataset);
  const std::function<void()> checks[] = {
      [&] { make_components(catalog, pipeline); },
      [&] { check_frozen_weights(pipeline, check_cuts(catalog, pipeline)); },
      [&] { compare_transforms(catalog, pipeline); }, [&] { check_heads(catalog, pipeline); },
      [&] { check_losses(catalog, pipeline); }};
  for (const auto& check : checks) {
    try {
      check();
    } catch (const PipelineError& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    } catch (const PluginError& error) {
      add_failure(failures, error);
    }
  }
  const bool is_wrong = !issues.empty() || !failures.empty();
  if (look == DataLook::always || (look == DataLook::when_wrong && is_wrong)) {
    auto data = check_data_and_model(catalog, pipeline);
    issues.insert(issues.end(), data.issues.begin(), data.issues.end());
    for (const auto& error : data.failures) add_failure(failures, error);
    if (found != nullptr) *found = std::move(data);
  }
  if (issues.empty() && failures.size() == 1 && look != DataLook::always) throw failures.front();
  for (const auto& error : failures) issues.push_back(issue_of(pipeline, error));
  drop_repeated(issues);
  if (!issues.empty()) throw PipelineError(issues);
  return pipeline;
}

}  // namespace kindred::host
