#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/issue.hpp"
#include "host/data/class_split.hpp"
#include "host/loader/plugin_error.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// What became known of a pipeline's data without reading an object of it.
struct DataCheck {
  ClassSplit split;                       ///< empty where it cannot be made, which is an issue
  std::vector<Issue> issues;              ///< what cannot work, all of it
  std::vector<PluginError> failures;      ///< of components that were tried, each once
  std::vector<std::string> warnings;      ///< what is likely to be a mistake
  std::vector<std::string> batch_advice;  ///< of batches that cannot be as large as they are asked for
  nlohmann::json summary;                 ///< numbers of samples and classes by side, and of batches
};

/// Looks at classes, sides of the split, batches and losses. Components of the plan that have a mistake of
/// their own are left out.
DataCheck check_data(const Catalog& catalog, const Pipeline& pipeline, const Dataset& dataset);

/// The same for a dataset that is yet to be opened, and the model with its weights: what goes wrong with
/// those is among the issues.
DataCheck check_data_and_model(const Catalog& catalog, const Pipeline& pipeline);

/// Says the numbers in one line.
std::string summary_text(const nlohmann::json& summary);

}  // namespace kindred::host
