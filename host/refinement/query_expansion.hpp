#pragma once

#include <ATen/core/Tensor.h>

#include "host/refinement/refinements.hpp"

namespace kindred::host {

/// Queries with what they found added to them, so that they stand nearer to all that is like it:
///   q' = q + sum over the k nearest rows x of max(<q, x>, 0)^alpha x, brought to length 1.
/// alpha = 0 is average query expansion (Chum et al. 2007, "Total recall"), a larger one is alpha query
/// expansion (Radenovic, Tolias, Chum 2018, "Fine-tuning CNN image retrieval with no human annotation",
/// section 3.3). Both are defined by the cosine.
///
/// queries float32 (Q, D) and neighbours float32 (Q, k, D), of length 1; a row of zeros where fewer were
/// found, which adds nothing -> float32 (Q, D) of length 1. It costs Q k D operations, and a second search.
at::Tensor expanded_queries(const at::Tensor& queries, const at::Tensor& neighbours, double alpha);

}  // namespace kindred::host
