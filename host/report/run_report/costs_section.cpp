#include <fmt/format.h>

#include <algorithm>

#include "host/base/progress.hpp"
#include "host/base/size_text.hpp"
#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::string size_of(const json& bytes) {
  return bytes.is_number() ? size_text(bytes.get<uintmax_t>()) : std::string();
}

/// What each part of the run took.
std::string phases_table(const json& phases) {
  double longest = 1e-9;
  for (const auto& one : phases) longest = std::max(longest, one.value("seconds", 0.0));
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : phases) {
    const auto seconds = one.value("seconds", 0.0);
    rows.push_back(
        {escaped(one.value("name", "")), escaped(duration_text(seconds)),
         fmt::format("<span class=\"bar\" style=\"width:{:.2f}rem\"></span>", 8 * seconds / longest),
         size_of(one.value("peak_rss_bytes", json()))});
  }
  return rows.empty() ? "" : html_table({{"part"}, {"time", true}, {""}, {"most memory so far", true}}, rows);
}

/// Lines of a table with two columns; those without a value are left out.
class Facts {
 public:
  void add(const std::string& name, const std::string& value) {
    if (!value.empty())
      rows_.push_back({"<span class=\"soft\">" + escaped(name) + "</span>", escaped(value)});
  }
  void seconds(const std::string& name, const json& timings, const char* key) {
    const auto value = timings.value(key, json());
    if (value.is_number() && value.get<double>() > 0) add(name, duration_text(value.get<double>()));
  }
  std::string table() const { return rows_.empty() ? "" : html_table({{""}, {""}}, rows_); }

 private:
  std::vector<std::vector<std::string>> rows_;
};

Facts time_facts(const json& result) {
  const auto timings = result.value("timings", json::object());
  Facts facts;
  facts.seconds("in all", timings, "total_seconds");
  facts.seconds("encoding", timings, "encode_seconds");
  if (timings.value("cache_hit", false)) facts.add("what is frozen", "was in the cache");
  const auto rate = timings.value("encode_images_per_second", 0.0);
  if (rate > 0) facts.add("encoded per second", fmt::format("{:.0f} samples", rate));
  facts.seconds("fitting", timings, "fit_seconds");
  facts.seconds("training", timings, "train_seconds");
  facts.seconds("an epoch (median)", timings, "epoch_seconds_median");
  facts.seconds("measuring", timings, "evaluate_seconds");
  facts.add("most memory", size_of(result.value("peak_rss_bytes", json())));
  return facts;
}

Facts machine_facts(const json& result, const json& versions) {
  const auto machine = result.value("machine", json::object());
  Facts facts;
  facts.add("device", result.value("device", ""));
  facts.add("processor", machine.value("processor", ""));
  if (machine.contains("cores")) facts.add("processors", std::to_string(machine.value("cores", 0)));
  facts.add("memory of the machine", size_of(machine.value("memory_bytes", json())));
  if (result.contains("threads")) facts.add("threads", std::to_string(result.value("threads", 0)));
  facts.add("arithmetic of training", result.value("training_precision", ""));
  facts.add("Kindred", versions.value("kindred", ""));
  facts.add("LibTorch", versions.value("libtorch", ""));
  const auto plugins = versions.value("plugins", json::object());
  for (const auto& [plugin, version] : plugins.items())
    facts.add("plugin " + plugin, version.is_string() ? version.get<std::string>() : "");
  return facts;
}

}  // namespace

std::string costs_section(const ReportParts& parts) {
  const auto& result = parts.result();
  const auto versions = parts.source.run.pipeline.value("versions", json::object());
  return phases_table(result.value("phases", json::array())) + "<div class=\"columns\">" +
         time_facts(result).table() + machine_facts(result, versions).table() + "</div>\n";
}

std::string warnings_section(const ReportParts& parts) {
  std::string out;
  for (const auto& one : parts.result().value("warnings", json::array()))
    out += "<li>" + escaped(one.get<std::string>()) + "</li>\n";
  return out.empty() ? "" : "<ul class=\"warnings\">\n" + out + "</ul>\n";
}

}  // namespace kindred::host
