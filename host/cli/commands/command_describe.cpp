#include <fmt/format.h>

#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/known_component.hpp"
#include "host/loader/published_weights.hpp"
#include "kindred/io/json_text.hpp"

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
  if (element.contains("minimum")) text = json_text(element["minimum"]) + " <= x";
  if (element.contains("maximum"))
    text += (text.empty() ? "x" : "") + std::string(" <= ") + json_text(element["maximum"]);
  return text;
}

/// A value that the declaration of a parameter allows.
json value_of(const json& field) {
  for (const char* list : {"examples", "enum"}) {
    if (field.contains(list) && field[list].is_array() && !field[list].empty()) return field[list].front();
  }
  const auto type = field.value("type", "string");
  if (type == "array") return json::array({value_of(field.value("items", json::object()))});
  if (type == "object") return json::object();
  if (type == "boolean") return true;
  if (type == "string") return "...";
  if (field.contains("minimum")) return field["minimum"];
  return field.contains("maximum") ? field["maximum"] : json(1);
}

/// A piece of JSON that validates: what is required or has an example; where nothing is, numbers that one may
/// want to change.
json example_of(const Catalog& catalog, const ComponentInfo& info) {
  const bool unambiguous = catalog.find(info.kind, info.short_name) == &info;
  json example = {{"type", unambiguous ? info.short_name : info.id}};
  const auto& fields = info.schema["properties"];
  for (const auto& [name, field] : fields.items()) {
    if (field.value("x-required", false) || field.contains("examples")) example[name] = value_of(field);
  }
  if (example.size() > 1) return example;
  for (const auto& [name, field] : fields.items()) {
    if (example.size() < 3 && field.contains("default") && field["default"].is_number())
      example[name] = field["default"];
  }
  return example;
}

/// What a schema says of weights: which are published, and what pictures they were trained with.
void print_weights(const json& field) {
  std::vector<std::string> names;
  for (const auto& one : published_files(field)) names.push_back(one.name);
  if (!names.empty()) std::cout << "      published (`host weights` says more): " << joined(names) << "\n";
  for (const auto& one : field.value("x-expects", json::array())) {
    const auto transforms = one.value("transforms", json());
    std::cout << "      with weights, for " << json_text(one.value("when", json::object()))
              << ", pictures are expected to go through: "
              << (transforms.is_string() ? "what its " + transforms.get<std::string>() + " says"
                                         : json_text(transforms))
              << "\n";
  }
}

void print(const ComponentInfo& info, const json& example) {
  std::cout << info.kind << " " << info.id << " " << info.version << " (plugin " << info.plugin_id << " "
            << info.plugin_version << ")\n  " << info.summary << "\n";
  const auto others = info.schema.value("x-also-known-as", json::array());
  for (const auto& one : others)
    std::cout << (&one == &others.front() ? "  also known as " : ", ") << one.get<std::string>();
  std::cout << (others.empty() ? "\n" : "\n\n");
  if (info.schema["properties"].empty()) std::cout << "  no parameters\n";
  for (const auto& [name, field] : info.schema["properties"].items()) {
    std::string type = field.value("type", "any");
    if (type == "array") type = "list of " + field.value("items", json::object()).value("type", "any");
    std::cout << fmt::format("  {:<20} {:<18} {:<18} {}\n", name, type,
                             field.contains("default") ? json_text(field["default"]) : "(required)",
                             range_text(field));
    std::cout << "      " << field.value("description", "");
    if (field.contains("x-unit")) std::cout << " [" << field["x-unit"].get<std::string>() << "]";
    std::cout << "\n";
    print_weights(field);
  }
  std::cout << "\n  example: " << json_text(example) << "\n";
}

int describe_command(const CommandLine& command) {
  const auto catalog = load_catalog(command);
  const auto id = command.has("ID") ? command.list("ID").front() : "";
  const auto kind = command.has("kind") ? command.get<std::string>("kind") : "";
  check_known(catalog, id, kind);
  json found = json::array();
  for (const auto& info : catalog.components()) {
    if (!id.empty() && info.id != id && info.short_name != id) continue;
    if (!kind.empty() && info.kind != kind) continue;
    const auto example = example_of(catalog, info);
    if (!command.json()) {
      if (!found.empty()) std::cout << "\n";
      print(info, example);
    }
    found.push_back({{"kind", info.kind},
                     {"id", info.id},
                     {"version", info.version},
                     {"summary", info.summary},
                     {"plugin", info.plugin_id},
                     {"params", info.schema},
                     {"example", example}});
  }
  if (command.json()) {
    std::cout << json_text(!id.empty() && found.size() == 1 ? found.front() : found, 2) << "\n";
  }
  return kExitOk;
}

const CommandBody kDescribe("describe", &describe_command);

}  // namespace
}  // namespace kindred::host
