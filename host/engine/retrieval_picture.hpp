#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kindred/dataset.hpp"

namespace kindred::host {

/// Writes a PNG: one line per query, drawn at random with `seed` among those with another sample of their
/// class: the query (grey frame), its five nearest by `base`, its five nearest by `tuned`; green frames for
/// the query's class, red for another. `rows`: dataset rows of the embeddings (N, D), cosine distance.
/// Pictures that cannot be read stay black.
void write_retrieval_picture(const std::string& path, const Dataset& dataset,
                             const std::vector<int64_t>& rows, const at::Tensor& base,
                             const at::Tensor& tuned, uint64_t seed);

/// Writes uint8 (H, W, 3) RGB as PNG, replacing `path` at once. Throws Error.
void write_png(const std::string& path, const at::Tensor& image);

}  // namespace kindred::host
