#pragma once

#include <memory>
#include <vector>

#include "host/data/transform_list.hpp"
#include "host/evaluation/evaluation.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/dataset.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/image.hpp"
#include "kindred/loss.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

class Catalog;

/// The cheap parts of a pipeline: everything but dataset and model.
struct Components {
  TransformLists transforms;
  std::vector<std::shared_ptr<Metric>> metrics;
  std::shared_ptr<EvalSampler> eval_sampler;    ///< null: all samples are queries
  std::shared_ptr<BatchSampler> batch_sampler;  ///< null without a train section
};

/// Constructs them and checks what only the objects know: which transforms are random, which normalise,
/// what metrics are called. Throws PluginError from a factory, PipelineError for what does not fit.
Components make_components(const Catalog& catalog, const Pipeline& pipeline);

}  // namespace kindred::host
