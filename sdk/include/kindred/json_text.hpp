#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace kindred {

/// The value of a JSON text that somebody else wrote; a discarded one (is_discarded()) where it is no JSON,
/// or nests arrays and objects deeper than 64 levels: the library copies and prints values by recursion, so
/// that a deep one would use up the stack. [thread-safe]
nlohmann::json parse_json(std::string_view text);

}  // namespace kindred
