#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kindred::host {

/// "[0.12,-3,...]": numbers as JSON has them, each in the fewest digits that give the same float32. They are
/// finite.
std::string number_list(const float* numbers, int64_t count);

/// The whole number that a text is from its first character to its last, such as "-12"; nothing where it is
/// none, or one that 64 bits do not hold.
std::optional<int64_t> whole_number(const std::string& text);

}  // namespace kindred::host
