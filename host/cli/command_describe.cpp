#include <fmt/format.h>

#include <iostream>

#include "host/cli/command_line.hpp"
#include "host/support/exit_code.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::string range_text(const json& field) {
  const auto& element = field.contains("items") ? field["items"] : field;
  if (element.contains("enum")) {
    std::string text;
    for (const auto& one : element["enum"]) text += (text.empty() ? "" : " | ") + one.get<std::string>();
    return text;
  }
  std::string text;
  if (element.contains("minimum")) text = element["minimum"].dump() + " <= x";
  if (element.contains("maximum"))
    text += (text.empty() ? "x" : "") + std::string(" <= ") + element["maximum"].dump();
  return text;
}

/// A piece of JSON that validates: required parameters and nothing else.
json example_of(const ComponentInfo& info) {
  json example = {{"type", info.short_name}};
  for (const auto& [name, field] : info.schema["properties"].items()) {
    if (field.value("x-required", false)) {
      const auto type = field.value("type", "string");
      example[name] = type == "string" ? json("...") : type == "array" ? json::array() : json(1);
    } else if (example.size() < 3 && field.contains("default") && field["default"].is_number()) {
      example[name] = field["default"];
    }
  }
  return example;
}

void print(const ComponentInfo& info) {
  std::cout << info.kind << " " << info.id << " " << info.version << " (plugin " << info.plugin_id << " "
            << info.plugin_version << ")\n  " << info.summary << "\n\n";
  if (info.schema["properties"].empty()) std::cout << "  no parameters\n";
  for (const auto& [name, field] : info.schema["properties"].items()) {
    std::string type = field.value("type", "any");
    if (type == "array") type = "list of " + field["items"].value("type", "any");
    std::cout << fmt::format("  {:<20} {:<18} {:<18} {}\n", name, type,
                             field.contains("default") ? field["default"].dump() : "(required)",
                             range_text(field));
    std::cout << "      " << field.value("description", "");
    if (field.contains("x-unit")) std::cout << " [" << field["x-unit"].get<std::string>() << "]";
    std::cout << "\n";
  }
  std::cout << "\n  example: " << example_of(info).dump() << "\n";
}

}  // namespace

int command_describe(const std::vector<std::string>& arguments) {
  CommandLine command("describe ID",
                      "Prints a component's parameters with types, defaults, ranges and meaning.",
                      "host describe kindred.triplet");
  command.positional({"ID"}, 1);
  if (!command.parse(arguments)) return kExitOk;
  const auto catalog = load_catalog(command);
  const auto id = command.list("ID").front();
  json found = json::array();
  std::vector<std::string> known;
  for (const auto& info : catalog.components()) {
    known.push_back(info.id);
    known.push_back(info.short_name);
    if (info.id != id && info.short_name != id) continue;
    found.push_back({{"kind", info.kind},
                     {"id", info.id},
                     {"version", info.version},
                     {"summary", info.summary},
                     {"plugin", info.plugin_id},
                     {"params", info.schema},
                     {"example", example_of(info)}});
    if (!command.json()) print(info);
  }
  if (found.empty()) {
    const auto close = closest_name(id, known);
    throw UsageError("no component is called \"" + id + "\"" +
                     (close.empty() ? "" : "; did you mean \"" + close + "\"?") +
                     "; `host list` names those found");
  }
  if (command.json()) std::cout << (found.size() == 1 ? found.front() : found).dump(2) << "\n";
  return kExitOk;
}

}  // namespace kindred::host
