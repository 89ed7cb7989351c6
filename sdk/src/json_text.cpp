#include "kindred/json_text.hpp"

#include <nlohmann/json.hpp>

namespace kindred {
namespace {
constexpr int kMaxDepth = 64;
}

nlohmann::json parse_json(std::string_view text) {
  using nlohmann::json;
  bool too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t event, json&) {
    const bool opens =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    too_deep = too_deep || (opens && depth >= kMaxDepth);
    return !too_deep;
  };
  auto value = json::parse(text.begin(), text.end(), keep, false);
  return too_deep ? json(json::value_t::discarded) : value;
}

}  // namespace kindred
