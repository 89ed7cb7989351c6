#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace kindred {

/// What a picture goes through before a network sees it.
struct PicturePreparation {
  bool resizes = true;
  int64_t width = 0, height = 0;  ///< the exact size that pictures get; 0: see shorter_side
  int64_t shorter_side = 0;       ///< or the length of their shorter side
  bool bicubic = false;           ///< else bilinear
  bool crops = false;
  int64_t crop_width = 0, crop_height = 0;  ///< of the middle of the picture
  bool normalizes = true;
  std::array<double, 3> mean{0.5, 0.5, 0.5}, std{0.5, 0.5, 0.5};  ///< of pictures scaled to 0..1
};

/// Reads preprocessor_config.json of a folder as Hugging Face gives it, or "pretrained_cfg" in the
/// config.json of timm. What a key that is missing stands for is what transformers takes for the processor
/// that the file names. Throws Error where there is neither, or it asks for something that Kindred's
/// transforms do not do.
PicturePreparation read_preparation(const std::string& folder);

/// The same as JSON text of a pipeline's data.transforms: a list of kindred.resize, kindred.center_crop and
/// kindred.normalize.
std::string transforms_text(const PicturePreparation& preparation);

}  // namespace kindred
