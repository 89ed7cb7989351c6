#pragma once

#include <string>

namespace kindred {

/// "<path> <bytes> <time of last change>": changes whenever the file does. A file that is missing gives its
/// path alone, since it may be met only later.
std::string file_stamp(const std::string& path);

}  // namespace kindred
