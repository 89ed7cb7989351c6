#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "host/index/index_state.hpp"
#include "host/index/row_store.hpp"
#include "host/refinement/row_transform.hpp"

namespace kindred::host {

/// What the index in `folder` does to embeddings in this state. Throws Error that names a file of its
/// whitening which is missing or damaged.
RowTransform row_transform_of(const std::string& folder, const IndexSpace& space, const IndexState& state);

/// Embeddings (n, D) of the model -> float32 (n, D') as `transform` makes them; the input itself where that
/// is nothing. Throws Error unless they have the numbers of an embedding.
at::Tensor changed_rows(const IndexSpace& space, const RowTransform& transform, const at::Tensor& embeddings);

/// Learns a whitening to `dimension` numbers from rows whose numbers `live` holds (int64, ascending): of very
/// many from 200,000, evenly chosen. `learned_from` gets how many they were. Throws Error where they vary in
/// fewer directions. Memory: a few times D^2 numbers of float64, however many rows there are.
PcaWhitening learn_whitening(const RowStore& rows, const at::Tensor& live, int64_t dimension,
                             int64_t& learned_from);

/// Writes a whitening into a folder of the index, which must not be there. Throws Error.
LearnedWhitening save_whitening(const PcaWhitening& whitening, int64_t learned_from,
                                const std::string& index_folder, const std::string& name);

/// A sentence for each file of the whitening that is missing or damaged.
std::vector<std::string> damage_of_whitening(const std::string& folder, const LearnedWhitening& whitening);

/// Throws Error where a build that whitens did not end.
void check_is_whitened(const std::string& folder, const IndexSpace& space, const IndexState& state);

}  // namespace kindred::host
