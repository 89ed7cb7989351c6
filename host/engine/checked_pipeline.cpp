#include "host/engine/checked_pipeline.hpp"

#include <algorithm>
#include <functional>

#include "host/engine/components.hpp"
#include "host/engine/cut.hpp"
#include "host/engine/training_loss.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/plugin_error.hpp"
#include "host/pipeline/issue.hpp"
#include "host/pipeline/validator.hpp"
#include "kindred/head.hpp"

namespace kindred::host {

namespace {

/// Makes the heads for some dimension, since only they know some of their mistakes.
void check_heads(const Catalog& catalog, const Pipeline& pipeline) {
  constexpr int64_t kSomeDimension = 64;
  std::vector<Issue> issues;
  const auto check = [&](const ComponentSpec& spec) {
    if (spec.info == nullptr) return;  // reported by the validator
    Site site;
    site.input_dimension = kSomeDimension;
    try {
      catalog.create<Head>(*spec.info, spec.params, site);
    } catch (const PluginError& error) {
      issues.push_back({pipeline.file, spec.pointer, error.what()});
    }
  };
  for (const auto& spec : pipeline.head) {
    if (spec.switch_on.empty() && spec.branches.empty()) check(spec);
    for (const auto& branch : spec.branches) std::for_each(branch.begin(), branch.end(), check);
  }
  if (!issues.empty()) throw PipelineError(issues);
}

}  // namespace

Pipeline checked_pipeline(const Document& document, const Catalog& catalog) {
  std::vector<Issue> issues;
  auto pipeline = validate_pipeline(document, catalog, issues);
  const std::function<void()> checks[] = {
      [&] { make_components(catalog, pipeline); }, [&] { check_cuts(catalog, pipeline); },
      [&] { check_heads(catalog, pipeline); }, [&] { check_losses(catalog, pipeline); }};
  for (const auto& check : checks) {
    try {
      check();
    } catch (const PipelineError& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    } catch (const PluginError&) {
      if (issues.empty()) throw;  // else the file is to be mended first
    }
  }
  if (!issues.empty()) throw PipelineError(issues);
  return pipeline;
}

}  // namespace kindred::host
