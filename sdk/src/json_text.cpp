#include "kindred/io/json_text.hpp"

namespace kindred {

nlohmann::json parse_json(std::string_view text) {
  using nlohmann::json;
  bool too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t event, json&) {
    too_deep = too_deep || nests_too_deep(depth, event);
    return !too_deep;
  };
  auto value = json::parse(text.begin(), text.end(), keep, false);
  return too_deep ? json(json::value_t::discarded) : value;
}

}  // namespace kindred
