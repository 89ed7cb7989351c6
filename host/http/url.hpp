#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kindred::host {

/// The text that "%C3%A4+b" stands for; a plus sign is a space where `plus_is_space`. Nothing where a percent
/// sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

/// The text with everything but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

/// Takes a request's target apart: "/search?k=3" into its path, which stays encoded, and its decoded query.
/// False where it is no path, or the query cannot be decoded.
bool split_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);

}  // namespace kindred::host
