#pragma once

#include <string>
#include <string_view>

namespace kindred {

/// The characters of a text; of bytes that are no UTF-8 those that shown() makes of them.
std::u32string code_points(std::string_view bytes);

/// UTF-8. What is no character, such as half of a surrogate pair, becomes U+FFFD.
std::string utf8_of(std::u32string_view characters);

}  // namespace kindred
