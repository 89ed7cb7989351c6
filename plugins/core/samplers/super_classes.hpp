#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// The super class of each class, by label: a JSON array of integers, or text with one integer per line, the
/// first for label 0. Throws Error with the file and the line.
std::vector<int64_t> read_super_classes(const std::string& path);

}  // namespace kindred
