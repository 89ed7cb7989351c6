#include <fmt/format.h>

#include <cmath>

#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json value_at(const json& object, const std::string& outer, const std::string& inner) {
  return object.value(outer, json::object()).value(inner, json());
}

std::string interval(const json& ends) {
  if (!ends.is_array() || ends.size() != 2 || !ends[0].is_number() || !ends[1].is_number()) return "";
  return fmt::format("{} to {}", figure(ends[0]), figure(ends[1]));
}

const char* style_of(const json& verdict) {
  return verdict == "better" ? "good" : verdict == "worse" ? "bad" : "soft";
}

std::string ratio(const json& base, const json& tuned) {
  if (!base.is_number() || !tuned.is_number() || !(base.get<double>() > 0)) return "";
  return fmt::format("{:.2f}x", tuned.get<double>() / base.get<double>());
}

std::string row_interval(const json& details, const std::string& side, const std::string& metric) {
  const auto detail = value_at(details, side, metric);  // null where the run did not measure this side
  return detail.is_object() ? interval(detail.value("interval_95", json())) : "";
}

std::string beside(const json& value, const std::string& span) {
  return figure(value) + (span.empty() ? "" : "<br><span class=\"soft small\">" + span + "</span>");
}

}  // namespace

std::string tiles(const ReportParts& parts) {
  const auto metrics = parts.result().value("metrics", json::object());
  const auto compared = parts.result().value("comparison", json::object());
  std::string out;
  for (const auto& name : parts.metrics) {
    const auto base = value_at(metrics, "base", name), tuned = value_at(metrics, "tuned", name);
    if (!tuned.is_number()) continue;
    const auto verdict = value_at(compared, name, "verdict");
    std::string note;
    if (verdict.is_string()) {
      note = fmt::format("<div class=\"{}\">{}{}{}</div>", style_of(verdict), escaped(ratio(base, tuned)),
                         ratio(base, tuned).empty() ? "" : ", ", escaped(verdict.get<std::string>()));
    }
    const auto from =
        base.is_number() ? "<span class=\"from\">" + figure(base) + " &rarr;</span> " : std::string();
    out += fmt::format(
        "<div class=\"tile\"><div class=\"name\">{}{}</div><div class=\"value\">{}{}</div>{}</div>\n",
        escaped(name), parts.higher_is_better(name) ? "" : " (lower is better)", from, figure(tuned), note);
  }
  return out.empty() ? "" : "<div class=\"tiles\">\n" + out + "</div>\n";
}

std::string comparison_section(const ReportParts& parts) {
  const auto& result = parts.result();
  const auto metrics = result.value("metrics", json::object());
  const auto details = result.value("metric_details", json::object());
  const auto compared = result.value("comparison", json::object());
  std::vector<std::vector<std::string>> rows;
  std::string sentences;
  for (const auto& name : parts.metrics) {
    const auto base = value_at(metrics, "base", name), tuned = value_at(metrics, "tuned", name);
    if (base.is_null() && tuned.is_null()) continue;
    const auto difference = compared.value(name, json::object());
    const auto detail = value_at(details, "tuned", name);
    rows.push_back(
        {escaped(name), beside(base, row_interval(details, "base", name)),
         beside(tuned, row_interval(details, "tuned", name)), ratio(base, tuned),
         beside(difference.value("difference", json()), interval(difference.value("interval_95", json()))),
         figure(detail.is_object() ? detail.value("macro", json()) : json()),
         detail.is_object() ? fmt::format("{}", detail.value("queries", int64_t{0})) : ""});
    if (!difference.contains("sentence")) continue;
    sentences += fmt::format("<li class=\"{}\">{}</li>\n", style_of(difference.value("verdict", json())),
                             escaped(difference.value("sentence", "")));
  }
  if (rows.empty()) return "";
  if (!sentences.empty()) sentences = "<ul>\n" + sentences + "</ul>\n";
  return html_table({{"metric"},
                     {"base", true},
                     {"tuned", true},
                     {"ratio", true},
                     {"difference", true},
                     {"tuned, mean of class means", true},
                     {"queries", true}},
                    rows) +
         "<p class=\"soft\">Base is the encoders as they came, tuned the trained model. Below each value "
         "stands where it would lie for 95 % of test classes that were drawn anew; of a difference both "
         "sides are taken of the same drawn classes (paired bootstrap).</p>\n" +
         sentences;
}

}  // namespace kindred::host
