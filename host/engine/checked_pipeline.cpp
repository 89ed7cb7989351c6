#include "host/engine/checked_pipeline.hpp"

#include <functional>

#include "host/engine/components.hpp"
#include "host/engine/cut.hpp"
#include "host/engine/training_loss.hpp"
#include "host/loader/plugin_error.hpp"
#include "host/pipeline/issue.hpp"
#include "host/pipeline/validator.hpp"

namespace kindred::host {

Pipeline checked_pipeline(const Document& document, const Catalog& catalog) {
  std::vector<Issue> issues;
  auto pipeline = validate_pipeline(document, catalog, issues);
  const std::function<void()> checks[] = {[&] { make_components(catalog, pipeline); },
                                          [&] { check_cuts(catalog, pipeline); },
                                          [&] { check_losses(catalog, pipeline); }};
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
