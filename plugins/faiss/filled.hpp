#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace kindred {

template <class Value>
std::string text_of(const Value& value) {
  if constexpr (std::is_arithmetic_v<Value>) {
    return std::to_string(value);
  } else {
    return std::string(value);
  }
}

/// The text with its places "{}" filled by the values, from the first to the last.
template <class... Values>
std::string filled(std::string_view text, const Values&... values) {
  std::string out;
  for (const auto& value : std::initializer_list<std::string>{text_of(values)...}) {
    const auto place = text.find("{}");
    if (place == std::string_view::npos) break;
    out.append(text.substr(0, place)).append(value);
    text.remove_prefix(place + 2);
  }
  return out.append(text);
}

}  // namespace kindred
