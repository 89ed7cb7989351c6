#include <fmt/format.h>

#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kListed = 20;

std::string count_text(const json& object, const char* key) {
  const auto value = object.value(key, json());
  return value.is_number() ? fmt::format("{}", value.get<int64_t>()) : "-";
}

std::string sides_table(const json& data) {
  std::vector<std::vector<std::string>> rows;
  for (const auto* side : {"train", "validation", "test"}) {
    const auto numbers = data.value(side, json::object());
    rows.push_back({side, count_text(numbers, "samples"), count_text(numbers, "groups")});
  }
  return html_table({{"side"}, {"samples", true}, {"classes", true}}, rows);
}

std::string skipped(const json& data) {
  const auto samples = data.value("skipped_samples", json::array());
  if (samples.empty()) return "<p>No sample was skipped.</p>\n";
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < samples.size() && i < kListed; ++i) {
    rows.push_back({escaped(samples[i].value("name", "")), escaped(samples[i].value("message", ""))});
  }
  const auto more =
      samples.size() > kListed
          ? fmt::format("<p class=\"soft\">and {} more, in result.json</p>\n", samples.size() - kListed)
          : std::string();
  return fmt::format("<details><summary>{} samples were skipped</summary>\n{}{}</details>\n", samples.size(),
                     html_table({{"sample"}, {"why"}}, rows), more);
}

std::string duplicates(const json& data) {
  const auto found = data.value("duplicates", json::object());
  if (!found.value("searched", false)) return "";
  const auto groups = found.value("groups", int64_t{0});
  if (groups == 0) return "<p>No two samples are equal.</p>\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : found.value("listed", json::array())) {
    if (rows.size() == kListed) break;
    std::string names;
    for (const auto& name : one.value("samples", json::array())) {
      names += (names.empty() ? "" : "<br>") + escaped(name.get<std::string>());
    }
    rows.push_back({names, std::to_string(one.value("count", int64_t{0})),
                    one.value("classes", int64_t{1}) > 1 ? "<span class=\"bad\">yes</span>" : "",
                    one.value("on_both_sides", false) ? "<span class=\"bad\">yes</span>" : ""});
  }
  return fmt::format(
      "<details><summary>{} samples in {} groups are equal{}</summary>\n{}</details>\n",
      found.value("samples", int64_t{0}), groups,
      found.value("dropped", int64_t{0}) > 0
          ? fmt::format(", {} of them were left out", found.value("dropped", int64_t{0}))
          : std::string(),
      html_table({{"samples"}, {"how many", true}, {"of several classes"}, {"on both sides of the split"}},
                 rows));
}

}  // namespace

std::string data_section(const ReportParts& parts) {
  const auto data = parts.result().value("data", json::object());
  if (data.empty()) return "";
  const auto split = parts.source.run.pipeline.value("/data/split/by"_json_pointer, std::string("class"));
  return sides_table(data) +
         fmt::format(
             "<p class=\"soft\">The split is by {}: what is tested are other classes than those that are "
             "trained.</p>\n",
             escaped(split)) +
         skipped(data) + duplicates(data);
}

}  // namespace kindred::host
