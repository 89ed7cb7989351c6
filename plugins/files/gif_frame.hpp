#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

namespace kindred {

bool is_gif(const std::string& bytes);

/// Says whether this build reads GIF, which giflib does. [thread-safe]
bool reads_gif();

/// Decodes the first frame of a GIF file to uint8 (H, W) pixels of BGR in the size of its canvas. What the
/// frame leaves free is black. Throws Error when the file is damaged or cut off before the end of that frame;
/// `name` is what messages call it. [thread-safe]
cv::Mat first_gif_frame(const std::string& bytes, const std::string& name);

}  // namespace kindred
