#pragma once

#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

class Catalog;

/// Throws PipelineError when a loss has a miner or a memory and takes no pairs, or when what is monitored is
/// a loss that cannot be validated.
void check_losses(const Catalog& catalog, const Pipeline& pipeline);

/// Throws PipelineError for each loss that takes the other kind of dataset: `of_pairs`, or of samples with
/// labels.
void check_losses_take(const Catalog& catalog, const Pipeline& pipeline, bool of_pairs);

}  // namespace kindred::host
