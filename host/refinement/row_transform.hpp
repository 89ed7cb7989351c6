#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "host/refinement/pca_whitening.hpp"
#include "host/refinement/refinements.hpp"

namespace kindred::host {

/// What is done to every row when it is stored and to every query before it is searched: the first numbers
/// are kept (a model that was trained so that they tell most, Kusupati et al. 2022, "Matryoshka
/// representation learning", loses little), then the row is whitened.
struct RowTransform {
  int64_t cut = 0;           ///< numbers that are kept; 0: all
  bool unit_length = false;  ///< what is left of a row is brought back to length 1
  std::optional<PcaWhitening> whitening{};

  /// rows (N, D), numbers on any device -> float32 (N, D') there; the input itself where nothing is done.
  /// Throws Error when the rows have fewer numbers than are kept, or others than the whitening knows.
  at::Tensor apply(const at::Tensor& rows) const;
};

/// Learns what `refinements` ask for. `training` (M, D), numbers on any device: rows of the model for samples
/// that it was trained on; used for whitening alone. `unit_length`: the model gives rows of length 1, or they
/// are compared by the cosine. Throws Error as PcaWhitening::learn() and apply().
RowTransform learn_row_transform(const Refinements& refinements, const at::Tensor& training,
                                 bool unit_length);

}  // namespace kindred::host
