#pragma once

#include <set>
#include <string>

#include "host/base/context.hpp"
#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

class Catalog;

/// Throws PipelineError where an encoder is frozen, or its first stages are (`cut` has the names of these),
/// and begins at random though weights are published for it, unless the pipeline asks for that. Where none
/// are published it is a warning of the pipeline.
void check_frozen_weights(Pipeline& pipeline, const std::set<std::string>& cut);

/// Adds a warning for every encoder whose weights were trained with other pictures than data.transforms give:
/// with another normalisation or interpolation, or larger ones. Larger pictures than those are no mistake.
void compare_transforms(const Catalog& catalog, Pipeline& pipeline);

/// Says what the check of a pipeline noted and warned of.
void tell_notes(const Pipeline& pipeline, Context& context);

}  // namespace kindred::host
