#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace kindred {

/// Writes a picture of 30 x 20 pixels whose red is the column and whose green is the row.
inline void write_picture(const std::string& path, unsigned char blue = 7) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  cv::Mat picture(20, 30, CV_8UC3);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 30; ++x) {
      picture.at<cv::Vec3b>(y, x) =
          cv::Vec3b(blue, static_cast<unsigned char>(y), static_cast<unsigned char>(x));
    }
  }
  cv::imwrite(path, picture);
}

/// Left, top, right and bottom of what was cut out of it.
inline std::vector<int> edges_of(const at::Tensor& x) {
  return {x[0][0][0].item<int>(), x[0][0][1].item<int>(), x[-1][-1][0].item<int>() + 1,
          x[-1][-1][1].item<int>() + 1};
}

}  // namespace kindred
