#include "host/report/run_report/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "host/report/html/html.hpp"
#include "host/report/measured_files.hpp"
#include "host/report/run_report/sections.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

json map_of(const std::string& folder) {
  const auto path = (fs::path(folder) / kMapFile).string();
  if (!fs::exists(path)) return json::object();
  auto map = parse_json(read_file(path));
  if (!map.is_object()) throw Error(path + " is no JSON object, so that it is not what a run writes");
  return map;
}

/// The metrics in the order of the table of queries, then the others of the result.
std::vector<std::string> metric_names(const json& result, const std::optional<QueryTable>& queries) {
  std::vector<std::string> names;
  if (queries) {
    for (const auto& one : queries->tuned) names.push_back(one.name);
  }
  const auto metrics = result.value("metrics", json::object());
  for (const auto* side : {"tuned", "base"}) {
    const auto values = metrics.value(side, json::object());
    for (const auto& [name, unused] : values.items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

/// When the run began, as the first line of its log says it; "" where there is none.
std::string beginning_of(const std::string& folder) {
  std::ifstream log((fs::path(folder) / kRunLog).string());
  std::string line;
  constexpr size_t kMinutes = 16;  // of 2026-11-28T16:57:53.867
  if (!std::getline(log, line) || line.size() < kMinutes || line[10] != 'T') return "";
  return line.substr(0, 10) + " " + line.substr(11, 5) + " UTC";
}

std::string header(const ReportParts& parts) {
  const auto& run = parts.source.run;
  const auto& result = run.result;
  const auto status = result.value("status", std::string(run.status));
  std::string out = fmt::format(
      "<header>\n<h1>{}</h1>\n<p class=\"soft\">{}{}{}</p>\n", escaped(run.name.empty() ? "run" : run.name),
      escaped(run.path), beginning_of(run.path).empty() ? "" : ", began ", escaped(beginning_of(run.path)));
  if (status != "completed") {
    out += fmt::format("<p class=\"banner failed\">This run is not completed ({}){}{}</p>\n", escaped(status),
                       result.contains("error") ? ": " : ".", escaped(result.value("error", "")));
  }
  const auto count = result.value("warnings", json::array()).size();
  if (count > 0) {
    out += fmt::format("<p class=\"banner\"><a href=\"#warnings\">{} warning{}</a></p>\n", count,
                       count == 1 ? "" : "s");
  }
  return out + tiles(parts) + "</header>\n";
}

std::string body(const ReportParts& parts) {
  struct Part {
    const char *id, *title;
    std::string html;
  };
  const auto retrieval = retrieval_section(parts);  // its pictures are read before those of the map
  const auto confusions = confusions_section(parts);
  const Part all[] = {{"measured", "Base against tuned", comparison_section(parts)},
                      {"curves", "How it learned", curves_section(parts)},
                      {"map", "Map", map_section(parts)},
                      {"retrieval", "What is found", retrieval},
                      {"classes", "Classes", classes_section(parts)},
                      {"confused", "Confused classes", confusions},
                      {"data", "Data", data_section(parts)},
                      {"asked", "Pipeline", asked_section(parts)},
                      {"costs", "Time and machine", costs_section(parts)},
                      {"warnings", "Warnings", warnings_section(parts)}};
  std::string links, sections;
  for (const auto& one : all) {
    if (one.html.empty()) continue;
    links += fmt::format("<a href=\"#{}\">{}</a>\n", one.id, one.title);
    sections += html_section(one.id, one.title, one.html);
  }
  return header(parts) + "<nav aria-label=\"parts\">\n" + links + "</nav>\n<main>\n" + sections;
}

/// Says what of pictures and texts is missing.
std::string missing_text(const ReportSource& source, const ReportObjects& objects) {
  std::string out;
  if (!source.without_dataset.empty()) {
    out += "<p class=\"soft small\">Pictures and texts of the data are not shown: " +
           escaped(source.without_dataset) + "</p>\n";
  }
  if (objects.left_out() > 0) {
    out += fmt::format(
        "<p class=\"soft small\">{} pictures are left out: they could not be read again, or not in the ten "
        "seconds that a report takes for them.</p>\n",
        objects.left_out());
  }
  return out;
}

std::vector<std::string> names_of(const ReportParts& parts) {
  std::vector<std::string> names;
  if (parts.queries) {
    const auto& table = *parts.queries;
    names = table.samples;
    const auto add = [&](const NearestNeighbours& one) {
      names.insert(names.end(), one.samples.begin(), one.samples.end());
    };
    for (const auto* one : {&table.base_nearest, &table.tuned_nearest}) add(*one);
    for (const auto* list : {&table.base_further, &table.tuned_further}) {
      for (const auto& one : *list) add(one);
    }
  }
  for (const auto& name : parts.map.value("samples", json::array())) names.push_back(name.get<std::string>());
  return names;
}

}  // namespace

std::string ReportParts::main_metric() const {
  if (!queries) return "";
  for (const auto& one : queries->tuned) {
    if (QueryTable::find(queries->base, one.name) != nullptr) return one.name;
  }
  return "";
}

bool ReportParts::higher_is_better(const std::string& metric) const {
  return result().value(json::json_pointer("/metric_details/tuned") / metric / "higher_is_better", true);
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "-";
  const auto text = fmt::format("{:.4f}", value);
  return text == "-0.0000" ? "0.0000" : text;
}

std::string figure(const json& value) { return value.is_number() ? figure(value.get<double>()) : "-"; }

RunReport run_report(const ReportSource& source) {
  try {
    ReportObjects objects(source.dataset);
    ReportParts parts{source, {}, map_of(source.run.path), {}, objects};
    if (source.run.has_queries) parts.queries = read_query_table(source.run.path);
    parts.metrics = metric_names(source.run.result, parts.queries);
    objects.find(names_of(parts));
    auto html = body(parts) + missing_text(source, objects) + "</main>\n";
    return {html_page((source.run.name.empty() ? "run" : source.run.name) + " - Kindred", html),
            objects.shown(), objects.left_out()};
  } catch (const json::exception& error) {
    throw Error("a file of the run " + source.run.path + " is not as a run writes it; was one changed? (" +
                error.what() + ")");
  }
}

}  // namespace kindred::host
