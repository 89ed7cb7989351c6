#include "mlflow_text.hpp"

#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {

void append_utf8(std::string& out, char32_t one) {
  if (one > 0x10FFFF || (one >= 0xD800 && one <= 0xDFFF)) one = 0xFFFD;
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((one >> shift) & 0x3FU)); };
  if (one < 0x80) {
    out += static_cast<char>(one);
  } else if (one < 0x800) {
    out += static_cast<char>(0xC0U | (one >> 6U));
    tail(0);
  } else if (one < 0x10000) {
    out += static_cast<char>(0xE0U | (one >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (one >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::u32string code_points(std::string_view bytes) {
  std::u32string out;
  for (const char one : shown(bytes)) {  // valid from here on
    const auto byte = static_cast<unsigned char>(one);
    if ((byte & 0xC0U) == 0x80U) {
      out.back() = (out.back() << 6U) | (byte & 0x3FU);
    } else {
      const unsigned bits = byte < 0x80 ? 0x7FU : byte < 0xE0 ? 0x1FU : byte < 0xF0 ? 0x0FU : 0x07U;
      out += static_cast<char32_t>(byte & bits);
    }
  }
  return out;
}

std::string utf8_of(std::u32string_view characters) {
  std::string out;
  for (const auto one : characters) append_utf8(out, one);
  return out;
}

}  // namespace kindred
