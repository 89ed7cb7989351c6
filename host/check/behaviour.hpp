#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "kindred/batch_sampler.hpp"
#include "kindred/dataset.hpp"
#include "kindred/encoder.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/head.hpp"
#include "kindred/loss.hpp"
#include "kindred/metric.hpp"
#include "kindred/miner.hpp"
#include "kindred/tracker.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

/// What a component gives for an example: equal for two that mean the same.
using Behaviour = std::vector<at::Tensor>;

Behaviour behaviour_of(BatchSampler& sampler);
Behaviour behaviour_of(Dataset& dataset);
Behaviour behaviour_of(Encoder& encoder);
Behaviour behaviour_of(EvalSampler& sampler);
Behaviour behaviour_of(Head& head);
Behaviour behaviour_of(Loss& loss);
Behaviour behaviour_of(Metric& metric);
Behaviour behaviour_of(Miner& miner);
Behaviour behaviour_of(Transform& transform);
/// Nothing: what one writes holds the time of day.
inline Behaviour behaviour_of(Tracker&) { return {}; }

}  // namespace kindred::host
