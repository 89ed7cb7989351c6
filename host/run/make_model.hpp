#pragma once

#include "host/model/model.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

class Catalog;

/// Makes the model of a pipeline, in evaluation mode on the CPU: parts with random initial values are drawn
/// from the pipeline's seed. `dataset`: whose fields the encoders read; null: encoders of vectors have no
/// dimension yet. `with_heads`: false leaves the encoders alone. Throws PluginError, and PipelineError for
/// what does not fit together.
Model make_model(const Catalog& catalog, const Pipeline& pipeline, const Dataset* dataset, bool with_heads);

}  // namespace kindred::host
