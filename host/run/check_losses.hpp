#pragma once

#include <vector>

#include "host/base/issue.hpp"
#include "host/model/model.hpp"
#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

class Catalog;

/// Throws PipelineError when a loss has a miner or a memory and takes no pairs, or when what is monitored is
/// a loss that cannot be validated.
void check_losses(const Catalog& catalog, const Pipeline& pipeline);

/// Throws PipelineError for each loss that takes the other kind of dataset: `of_pairs`, or of samples with
/// labels.
void check_losses_take(const Catalog& catalog, const Pipeline& pipeline, bool of_pairs);

/// An issue for each beginning of the embedding that a loss asks for ("matryoshka") and that is longer than
/// the embeddings that are trained.
std::vector<Issue> matryoshka_issues(const Pipeline& pipeline, const Model& model);

}  // namespace kindred::host
