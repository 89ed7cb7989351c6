#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace kindred::host {

constexpr int64_t kGlyphWidth = 6, kGlyphHeight = 8;  ///< of a character with the space behind and below it

/// A grey value for red, green and blue.
constexpr uint8_t kInk = 40;

/// Writes `text` (UTF-8) into `canvas` uint8 (H, W, 3), which is contiguous, with the upper left corner at
/// (top, left). What is wider than `width` pixels ends with two dots. Characters outside of ASCII are
/// question marks. There must be room for it in the canvas.
void draw_text(at::Tensor& canvas, const std::string& text, int64_t top, int64_t left, int64_t width);

}  // namespace kindred::host
