#pragma once

#include <ATen/core/Tensor.h>

#include "core/losses/pair_distance.hpp"

namespace kindred {

/// J_ij of lifted structure loss (eq. 4), (P), for P positive pairs with distances d (P): `first` and
/// `second` (P), or what broadcasts to them, are log sum_n exp(m - d_in) of the negatives of either end.
at::Tensor lifted_pairs(const at::Tensor& first, const at::Tensor& second, const at::Tensor& d);

/// Half the mean of relu(J_ij)^2 over the positive pairs of a batch, (); embeddings (B, D), labels int64 (B).
/// Distances are computed for `tile_rows` anchors at a time, and again for the gradient, so that their matrix
/// is never whole; what is kept is a number for each anchor and for each positive pair. On a GPU, sums of
/// gradients are added up in any order. A second derivative throws c10::Error.
at::Tensor lifted_loss_by_tiles(const PairDistance& distance, double margin, const at::Tensor& embeddings,
                                const at::Tensor& labels, int64_t tile_rows);

}  // namespace kindred
