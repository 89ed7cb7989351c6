#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kindred::host {

/// RFC 4648, section 4, with padding.
std::string base64_text(std::string_view bytes);

/// The bytes of such a text, also with the letters of section 5 ("-" and "_"), with line breaks, or without
/// its padding. Nothing where it is none.
std::optional<std::string> base64_bytes(std::string_view text);

}  // namespace kindred::host
