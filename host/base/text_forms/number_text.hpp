#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// "[0.12,-3,...]": numbers as JSON has them, each in the fewest digits that give the same float32. They are
/// finite.
std::string number_list(const float* numbers, int64_t count);

}  // namespace kindred::host
