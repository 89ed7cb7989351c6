#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "host/report/retrieval_shown.hpp"

namespace kindred::host {

/// Writes a PNG with one line per query: the query in a grey frame, then its five nearest by base, then its
/// five nearest by tuned, each with its class and its distance below. Relevant ones have green frames, the
/// others red ones. `field` is a field of the dataset that has pictures. Pictures that cannot be read stay
/// black.
void write_retrieval_image(const std::string& path, const RetrievalShown& shown, size_t field);

/// Writes uint8 (H, W, 3) RGB as PNG, replacing `path` at once. Throws Error.
void write_png(const std::string& path, const at::Tensor& image);

}  // namespace kindred::host
