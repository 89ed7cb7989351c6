#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kindred::host {

/// The text that "%C3%A4+b" stands for; a plus sign is a space where `plus_is_space`. Nothing where a percent
/// sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

/// The text with everything but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace kindred::host
