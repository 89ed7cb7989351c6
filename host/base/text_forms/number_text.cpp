#include "host/base/text_forms/number_text.hpp"

#include <charconv>

namespace kindred::host {

std::string number_list(const float* numbers, int64_t count) {
  std::string out = "[";
  char digits[32];
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out.append(digits, std::to_chars(digits, digits + sizeof(digits), numbers[i]).ptr);
  }
  return out + "]";
}

std::optional<int64_t> whole_number(const std::string& text) {
  int64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  if (text.empty() || failed != std::errc() || at != end) return std::nullopt;
  return number;
}

}  // namespace kindred::host
