#include "kindred/io/json_text.hpp"

#include <utility>

#include "kindred/io/utf8.hpp"

namespace kindred {
namespace {
using nlohmann::json;

bool is_utf8(const std::string& text) { return first_not_utf8(text) == std::string::npos; }

/// The value with every string and key that is no UTF-8 changed by `change`.
template <class Change>
json changed(const json& value, const Change& change) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return is_utf8(text) ? json(text) : json(change(text));
  }
  if (value.is_array()) {
    auto out = json::array();
    for (const auto& one : value) out.push_back(changed(one, change));
    return out;
  }
  if (!value.is_object()) return value;
  auto out = json::object();
  for (const auto& [key, one] : value.items()) out[is_utf8(key) ? key : change(key)] = changed(one, change);
  return out;
}

template <class Change>
std::string text_of(const json& value, int indent, const Change& change) {
  try {
    return value.dump(indent);
  } catch (const json::type_error&) {
    return changed(value, change).dump(indent);
  }
}

/// U+10FF80 to U+10FFFF are F4 8F BE 80 to F4 8F BF BF.
constexpr char kPrivate[] = "\xF4\x8F";
constexpr size_t kPrivateSize = 4;

std::string with_private_characters(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const auto bad = first_not_utf8(rest);
    out += rest.substr(0, bad);
    if (bad == std::string_view::npos) break;
    const auto byte = static_cast<unsigned char>(rest[bad]);
    out += kPrivate;
    out += static_cast<char>(byte < 0xC0 ? 0xBE : 0xBF);
    out += static_cast<char>(0x80U | (byte & 0x3FU));
    rest.remove_prefix(bad + 1);
  }
  return out;
}

std::string with_bytes(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto third = at + 3 < text.size() ? static_cast<unsigned char>(text[at + 2]) : 0;
    if (text.compare(at, 2, kPrivate) == 0 && (third == 0xBE || third == 0xBF)) {
      const auto low = static_cast<unsigned char>(text[at + 3]) & 0x3FU;
      out += static_cast<char>((third == 0xBE ? 0x80U : 0xC0U) | low);
      at += kPrivateSize;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  bool too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t event, json&) {
    too_deep = too_deep || nests_too_deep(depth, event);
    return !too_deep;
  };
  auto value = json::parse(text.begin(), text.end(), keep, false);
  return too_deep ? json(json::value_t::discarded) : value;
}

std::string json_text(const json& value, int indent) {
  return text_of(value, indent, [](const std::string& text) { return shown(text); });
}

std::string exact_json_text(const json& value) { return text_of(value, -1, with_private_characters); }

void restore_bytes(json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    if (text.find(kPrivate) != std::string::npos) text = with_bytes(text);
  } else if (value.is_structured()) {
    for (auto& one : value) restore_bytes(one);
  }
}

}  // namespace kindred
