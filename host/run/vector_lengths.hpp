#pragma once

#include "host/model/model.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Throws Error that names a sample of a dataset of stored vectors which is so long or short that the heads
/// lose its direction: float32 cannot hold its square, or a bias covers it. With `trains` the heads have to
/// give what they give for the same vector at a usual length; else a multiple of that is right too.
void require_usual_lengths(const Dataset& dataset, const Model& model, bool trains);

}  // namespace kindred::host
