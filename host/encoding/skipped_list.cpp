#include "host/encoding/skipped_list.hpp"

namespace kindred::host {
using nlohmann::json;

json to_json(const std::vector<SkippedSample>& skipped) {
  json list = json::array();
  for (const auto& one : skipped)
    list.push_back({{"index", to_int(one.index)}, {"name", one.name}, {"message", one.message}});
  return list;
}

std::vector<SkippedSample> skipped_from(const json& list) {
  std::vector<SkippedSample> skipped;
  for (const auto& one : list)
    skipped.push_back({SampleIndex{one["index"].get<int64_t>()}, one["name"], one["message"]});
  return skipped;
}

}  // namespace kindred::host
