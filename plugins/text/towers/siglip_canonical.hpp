#pragma once

#include <string>
#include <string_view>

namespace kindred {

/// The white space of Python's str: Unicode's, and U+001C to U+001F.
bool is_python_space(char32_t c);

/// Python's str.lower(): as append_lower_case(), but a sigma that ends a word becomes U+03C2.
std::u32string python_lower_case(std::u32string_view text);

/// What SigLIP does to text before it looks for pieces: lower case, if asked for, no punctuation of ASCII,
/// runs of white space as one blank and none at the ends.
std::string siglip_canonical(std::u32string_view text, bool lower_case);

}  // namespace kindred
