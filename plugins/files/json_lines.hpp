#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kindred {

/// One object of a file that has an object per line.
struct JsonLine {
  const std::string& path;
  int64_t number;  ///< counted from 1
  nlohmann::json value;

  /// Throws Error "FILE:LINE: message".
  [[noreturn]] void fail(const std::string& message) const;

  /// The text or integer at `key` as a word, without blanks around it; nothing where it is absent, null or
  /// blank. Throws Error for anything else.
  std::optional<std::string> word(const std::string& key) const;

  /// Says whether the text at `key` is one of `splits`; every line is wanted when that is empty.
  bool is_in(const std::vector<std::string>& splits, const std::string& key) const;
};

/// Visits the lines in order; empty and blank ones are skipped. `example` shows in messages what a line looks
/// like. Throws Error when the file cannot be read or a line holds no object.
void each_json_line(const std::string& path, const std::string& example,
                    const std::function<void(const JsonLine&)>& visit);

}  // namespace kindred
