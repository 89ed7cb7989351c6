#include "host/serve/route_parts.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "host/base/text_forms/percent_encoding.hpp"
#include "host/serve/request_objects.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;

json item_text(const Item& item) {
  json line = item.columns;
  line["id"] = item.id;
  line["label"] = item.label < 0 ? json() : json(item.label);
  line["class"] = item.class_name;
  if (!item.path.empty()) line["picture"] = "/items/" + percent_encoded(item.id) + "/picture";
  return line;
}

json query_parameter(const char* name, const char* type, const char* description) {
  return {{"name", name}, {"in", "query"}, {"description", description}, {"schema", {{"type", type}}}};
}

int64_t whole_number(const json& value, const std::string& place, int64_t low, int64_t high) {
  std::optional<int64_t> number;
  if (value.is_number_integer()) {
    number = value.get<int64_t>();
  } else if (value.is_string()) {
    const auto text = value.get<std::string>();
    int64_t parsed = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (failed == std::errc() && end == text.data() + text.size()) number = parsed;
  }
  if (number && *number >= low && *number <= high) return *number;
  throw RequestError(400, fmt::format("{} is {}; expected a whole number from {} to {}", place,
                                      json_text(value).substr(0, 40), low, high));
}

}  // namespace kindred::host
