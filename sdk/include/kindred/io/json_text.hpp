#pragma once

#include <nlohmann/json.hpp>
#include <string>
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

/// The text of a value, on one line or indented. Whatever its strings hold it is UTF-8: of those that are
/// none the text has what shown() makes of them (kindred/io/utf8.hpp), where nlohmann's dump() throws.
/// [thread-safe]
std::string json_text(const nlohmann::json& value, int indent = -1);

/// Text that keeps every byte of a string: one that is part of no character of UTF-8 stands as the character
/// U+10FF00 + byte, which is private to programs that agree on it. So host and plugins hand on paths.
/// [thread-safe]
std::string exact_json_text(const nlohmann::json& value);

/// Puts these bytes back into the strings of a value that was read of such a text.
void restore_bytes(nlohmann::json& value);

}  // namespace kindred
