#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/issue.hpp"
#include "host/options/component_spec.hpp"
#include "host/pipeline/document.hpp"
#include "host/pipeline/sections.hpp"

namespace kindred::host {

class Catalog;
struct ComponentInfo;

/// Reads sections and components of a document, and collects what is wrong with them. `resolved` of its
/// functions gets what was read with the defaults filled in. Both arguments of the constructor must outlive
/// it.
class SectionReader {
 public:
  SectionReader(const Document& document, const Catalog& catalog) : document_(document), catalog_(catalog) {}

  const Document& document() const { return document_; }
  const Catalog& catalog() const { return catalog_; }
  const std::vector<Issue>& issues() const { return issues_; }
  void issue(const std::string& pointer, const std::string& message);

  /// An absent (null) section gives the defaults.
  template <class Section>
  Section section(const nlohmann::json& value, const std::string& pointer,
                  nlohmann::json* resolved = nullptr);

  /// `host_keys`: schemas of further keys that the host has taken out of `value` itself, for suggestions.
  ComponentSpec component(const nlohmann::json& value, const std::string& kind, const std::string& pointer,
                          nlohmann::json* resolved,
                          const nlohmann::json& host_keys = nlohmann::json::object());
  /// Reads one component, a list of them, or none.
  std::vector<ComponentSpec> components(const nlohmann::json& value, const std::string& kind,
                                        const std::string& pointer, nlohmann::json* resolved);
  /// Takes the keys of Section out of a component's object and reads them.
  template <class Section>
  Section host_keys_of(nlohmann::json& value, const std::string& pointer, nlohmann::json& resolved);
  /// Factors by name; `example` is shown where `value` is no object.
  std::map<std::string, double> factors(const nlohmann::json& value, const std::string& pointer,
                                        const char* example);

 private:
  /// An issue of the object at `pointer`; of a key that belongs elsewhere it says where.
  void param_issue(const nlohmann::json& schema, const nlohmann::json& object, const std::string& pointer,
                   const ParamIssue& found);
  /// "; did you mean ...?" where a component of `kind` may be meant by `type`, else "".
  std::string meant(const std::string& kind, const std::string& type) const;
  static nlohmann::json with_defaults(const nlohmann::json& schema, const nlohmann::json& value);
  void find_weights(const ComponentInfo& info, ComponentSpec& spec, nlohmann::json& named);
  void check_paths(const nlohmann::json& schema, nlohmann::json& params, const std::string& pointer,
                   bool must_exist);

  const Document& document_;
  const Catalog& catalog_;
  std::vector<Issue> issues_;
};

template <class Section>
Section SectionReader::section(const nlohmann::json& value, const std::string& pointer,
                               nlohmann::json* resolved) {
  const nlohmann::json given = value.is_null() ? nlohmann::json::object() : value;
  const auto schema = Schema<Section>::get().to_json();
  nlohmann::json complete = with_defaults(schema, given);
  if (given.is_object()) check_paths(schema, complete, pointer, false);
  std::vector<ParamIssue> found;
  if (given.is_object()) {
    // What was given is checked first, so that a default never hides a wrong value.
    (void)Schema<Section>::get().read(given, found);
    for (const auto& one : found) param_issue(schema, given, pointer, one);
  } else {
    issue(pointer, std::string("expected an object, got ") + value.type_name());
  }
  found.clear();
  if (resolved != nullptr) *resolved = complete;
  return Schema<Section>::get().read(complete, found);
}

template <class Section>
Section SectionReader::host_keys_of(nlohmann::json& value, const std::string& pointer,
                                    nlohmann::json& resolved) {
  const auto schema = Schema<Section>::get().to_json();
  nlohmann::json taken = nlohmann::json::object();
  if (value.is_object()) {
    for (const auto& [key, unused] : schema["properties"].items()) {
      if (!value.contains(key)) continue;
      taken[key] = value[key];
      value.erase(key);
    }
  }
  return section<Section>(taken, pointer, &resolved);
}

}  // namespace kindred::host
