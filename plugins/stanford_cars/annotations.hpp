#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// One picture of Stanford Cars (Krause, Stark, Deng, Fei-Fei 2013).
struct CarAnnotation {
  std::string file;                        ///< as the annotation names it
  int64_t label = -1;                      ///< 0-based; -1 where the file has none
  int64_t x1 = 0, y1 = 0, x2 = 0, y2 = 0;  ///< box in pixels, 1-based and inclusive as in the file
  bool test = false;                       ///< only set by the merged file cars_annos.mat
};

/// Reads the struct array `annotations` of a MATLAB file. Throws Error.
std::vector<CarAnnotation> read_annotations(const std::string& path);

/// Reads the cell array `class_names` of cars_meta.mat. Throws Error.
std::vector<std::string> read_class_names(const std::string& path);

}  // namespace kindred
