#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "host/report/retrieval_shown.hpp"

namespace kindred::host {

/// Writes a PNG: one line per query: the query (grey frame), its five nearest by base, its five nearest by
/// tuned; green frames for relevant ones, red for others. `field`: of the dataset, with pictures. Pictures
/// that cannot be read stay black.
void write_retrieval_picture(const std::string& path, const RetrievalShown& shown, size_t field);

/// Writes uint8 (H, W, 3) RGB as PNG, replacing `path` at once. Throws Error.
void write_png(const std::string& path, const at::Tensor& image);

}  // namespace kindred::host
