#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace kindred {

/// Levels of arrays and objects that a text of somebody else may have: the library copies and prints values
/// by recursion, so that a deep one would use up the stack.
constexpr int kDeepestJson = 64;

/// Takes what nlohmann::json::parse tells its callback, and says whether an array or object begins beyond
/// that.
inline bool nests_too_deep(int depth, nlohmann::json::parse_event_t event) {
  using Event = nlohmann::json::parse_event_t;
  return (event == Event::object_start || event == Event::array_start) && depth >= kDeepestJson;
}

/// The value of such a text; a discarded one (is_discarded()) where it is no JSON, or nests too deep.
/// [thread-safe]
nlohmann::json parse_json(std::string_view text);

}  // namespace kindred
