#include <fmt/format.h>

#include <algorithm>

#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kLongestValue = 200;

std::string value_text(const json& value) {
  auto text = value.is_string() ? value.get<std::string>() : json_text(value);
  return text.size() <= kLongestValue ? text : text.substr(0, kLongestValue) + "...";
}

/// "/train/optimizer/lr" -> "train.optimizer.lr", as --set takes it.
std::string key_of(const std::string& pointer) {
  auto key = pointer.empty() ? pointer : pointer.substr(1);
  std::replace(key.begin(), key.end(), '/', '.');
  return key;
}

std::string changed_table(const json& pipeline, const std::map<std::string, json>& changed) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [pointer, usual] : changed) {
    const auto place = json::json_pointer(pointer);
    if (!pipeline.contains(place)) continue;
    rows.push_back({"<code>" + escaped(key_of(pointer)) + "</code>",
                    "<b>" + escaped(value_text(pipeline.at(place))) + "</b>",
                    usual.is_null()
                        ? "<span class=\"soft\">chosen</span>"
                        : escaped(value_text(usual.is_string() && usual == "" ? json("\"\"") : usual))});
  }
  return rows.empty() ? "" : html_table({{"setting"}, {"here"}, {"default"}}, rows);
}

/// The pipeline as JSON, in which what differs from the default is marked.
class MarkedJson {
 public:
  explicit MarkedJson(const std::map<std::string, json>& changed) : changed_(changed) {}

  std::string text(const json& value, const std::string& pointer, size_t depth) const {
    if (!value.is_structured() || value.empty() || is_flat(value)) return marked(value, pointer);
    const bool is_list = value.is_array();
    std::string out = is_list ? "[\n" : "{\n";
    size_t number = 0;
    for (const auto& [key, member] : value.items()) {
      const auto name = is_list ? "" : escaped(json_text(key)) + ": ";
      out += std::string(2 * depth + 2, ' ') + name + text(member, pointer + "/" + key, depth + 1);
      out += ++number < value.size() ? ",\n" : "\n";
    }
    return out + std::string(2 * depth, ' ') + (is_list ? "]" : "}");
  }

 private:
  static bool is_flat(const json& value) {
    return value.is_array() &&
           std::none_of(value.begin(), value.end(), [](const json& one) { return one.is_structured(); });
  }
  std::string marked(const json& value, const std::string& pointer) const {
    const auto found = changed_.find(pointer);
    const auto text = escaped(json_text(value));
    if (found == changed_.end()) return text;
    const auto note = found->second.is_null() ? "chosen" : "default: " + value_text(found->second);
    return "<mark title=\"" + escaped(note) + "\">" + text + "</mark>";
  }

  const std::map<std::string, json>& changed_;
};

}  // namespace

std::string asked_section(const ReportParts& parts) {
  const auto& pipeline = parts.source.run.pipeline;
  const auto& changed = parts.source.changed;
  std::string out;
  if (const auto table = changed_table(pipeline, changed); !table.empty()) {
    out += "<p>These settings were chosen, or differ from their defaults.</p>\n" + table;
  }
  auto shown = pipeline;
  shown.erase("versions");
  return out + fmt::format(
                   "<details><summary>The whole pipeline as it was executed</summary>\n<pre>{}</pre>\n"
                   "</details>\n",
                   MarkedJson(changed).text(shown, "", 0));
}

}  // namespace kindred::host
