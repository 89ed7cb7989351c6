#pragma once

#include <vector>

#include "host/base/issue.hpp"
#include "host/loader/plugin_error.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// The failure of a component as an issue at the place where the pipeline names it.
Issue issue_of(const Pipeline& pipeline, const PluginError& error);

/// Appends a failure unless one that says the same is there: some checks try the same component.
void add_failure(std::vector<PluginError>& failures, const PluginError& error);

/// Makes encoders, with their weights, and heads, and returns what goes wrong: weights that are of another
/// variant, fields that the dataset has not. Without a dataset only the encoders are made, each by itself.
/// Components of the plan that have a mistake of their own are left out.
std::vector<Issue> model_issues(const Catalog& catalog, const Pipeline& pipeline, const Dataset* dataset);

}  // namespace kindred::host
