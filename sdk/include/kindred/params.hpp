#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Parameters of a component, declared once:
///
///   struct Params {
///     double margin = 0.2;                       // the default lives here and only here
///     std::string mining = "hard";
///     static void describe(kindred::Schema<Params>& schema) {
///       schema.field("margin", &Params::margin).doc("Gap between the two distances.").range(0, 10);
///       schema.field("mining", &Params::mining).doc("Which triplets count.").one_of({"all", "hard"});
///     }
///   };
///
/// From it follow parsing, defaults, range checks, `host describe` and the pipeline's JSON Schema.
/// Member types: bool, int64_t, double, std::string, std::vector of the last three, and
/// nlohmann::json for a value that the component reads itself.
namespace kindred {

/// One problem in a parameter object. `pointer` is a JSON pointer inside that object ("/margin").
struct ParamIssue {
  std::string pointer;
  std::string message;
};

/// The declaration of one parameter, as text that the host reads (it crosses the boundary as JSON).
class FieldSpec {
 public:
  FieldSpec(std::string name, nlohmann::json schema) : name_(std::move(name)), schema_(std::move(schema)) {}

  FieldSpec& doc(std::string_view text) { return set("description", std::string(text)); }
  /// Inclusive bounds; for arrays they hold for every element.
  FieldSpec& range(double low, double high) { return minimum(low).maximum(high); }
  FieldSpec& minimum(double low) { return set_element("minimum", number(low)); }
  FieldSpec& maximum(double high) { return set_element("maximum", number(high)); }
  FieldSpec& one_of(const std::vector<std::string>& values) { return set_element("enum", values); }
  /// For messages and docs only: "px", "seconds".
  FieldSpec& unit(std::string_view text) { return set("x-unit", std::string(text)); }
  /// The key must be given.
  FieldSpec& required() { return set("x-required", true); }
  /// A file or folder. The host resolves it against the pipeline file's folder before `create`.
  FieldSpec& path() { return set("x-path", "input"); }
  /// A file with initial weights. Not needed once the component's tensors are stored, so a servable
  /// drops it: an empty string must construct the component with fresh weights.
  FieldSpec& initial_weights() { return set("x-path", "initial_weights"); }
  /// A file, or a folder, that the component needs whenever it is constructed; copied into the servable. Of a
  /// folder files with weights are left out (the tensors are stored by themselves), so that the component
  /// must be constructed without them.
  FieldSpec& resource() { return set("x-path", "resource"); }
  /// A list of files to read as samples. A dataset that declares one serves `host embed`, which fills it
  /// with the paths of its command line and leaves everything else at its default.
  FieldSpec& files() { return set("x-path", "files"); }

  const std::string& name() const { return name_; }
  const nlohmann::json& schema() const { return schema_; }
  nlohmann::json& schema() { return schema_; }

 private:
  FieldSpec& set(const char* key, nlohmann::json value) {
    schema_[key] = std::move(value);
    return *this;
  }
  FieldSpec& set_element(const char* key, nlohmann::json value) {
    (schema_["type"] == "array" ? schema_["items"] : schema_)[key] = std::move(value);
    return *this;
  }
  nlohmann::json number(double value) const {
    const auto& type = schema_["type"] == "array" ? schema_["items"]["type"] : schema_["type"];
    if (type == "integer" && std::floor(value) == value && std::abs(value) < 9e15) {
      return static_cast<int64_t>(value);
    }
    return value;
  }

  std::string name_;
  nlohmann::json schema_;
};

/// Checks `value` (one JSON object) against `schema`, the object that Schema::to_json() returns: unknown
/// keys (with a suggestion), types, ranges, enumerations, required keys. Collects every problem.
std::vector<ParamIssue> check_params(const nlohmann::json& schema, const nlohmann::json& value);

/// Parses JSON text that must hold one object. Throws Error.
nlohmann::json parse_params_text(std::string_view text);

/// Throws Error with one sentence per issue when there are any.
void throw_on_issues(const std::vector<ParamIssue>& issues);

/// The closest of `candidates` to `word` by edit distance, or "" when none is close.
std::string closest_name(std::string_view word, const std::vector<std::string>& candidates);

namespace detail {

template <class T>
nlohmann::json json_type() {
  if constexpr (std::is_same_v<T, bool>)
    return {{"type", "boolean"}};
  else if constexpr (std::is_integral_v<T>)
    return {{"type", "integer"}};
  else if constexpr (std::is_floating_point_v<T>)
    return {{"type", "number"}};
  else if constexpr (std::is_same_v<T, std::string>)
    return {{"type", "string"}};
  else if constexpr (std::is_same_v<T, nlohmann::json>)
    return nlohmann::json::object();
  else
    return {{"type", "array"}, {"items", json_type<typename T::value_type>()}};
}

}  // namespace detail

template <class Params>
class Schema {
 public:
  /// The schema of Params, built on first use. [thread-safe]
  static const Schema& get() {
    static const Schema schema;
    return schema;
  }

  /// Declares a parameter; call from Params::describe only. The default is the member's value in Params{}.
  template <class T>
  FieldSpec& field(const char* name, T Params::*member) {
    auto schema = detail::json_type<T>();
    schema["default"] = Params{}.*member;
    fields_.push_back({FieldSpec(name, std::move(schema)),
                       [member](Params& out, const nlohmann::json& value) { out.*member = value.get<T>(); }});
    return fields_.back().spec;
  }

  /// {"type":"object","properties":{name:{type,default,description,...}},"required":[...],
  ///  "additionalProperties":false}
  nlohmann::json to_json() const {
    nlohmann::json properties = nlohmann::json::object();
    nlohmann::json required = nlohmann::json::array();
    for (const auto& field : fields_) {
      properties[field.spec.name()] = field.spec.schema();
      if (field.spec.schema().value("x-required", false)) {
        required.push_back(field.spec.name());
        properties[field.spec.name()].erase("default");
      }
    }
    return {{"type", "object"},
            {"properties", properties},
            {"required", required},
            {"additionalProperties", false}};
  }

  /// Parses and checks; keys that are absent keep their default. Throws Error naming every problem.
  Params parse(std::string_view text) const {
    const auto object = parse_params_text(text);
    throw_on_issues(check_params(to_json(), object));
    Params params;
    for (const auto& field : fields_) {
      const auto it = object.find(field.spec.name());
      if (it != object.end()) field.assign(params, *it);
    }
    return params;
  }

  /// Checks `object` and appends what is wrong to `issues`; keys that are in order are read, the others
  /// keep their default, so that a caller can go on and collect more.
  Params read(const nlohmann::json& object, std::vector<ParamIssue>& issues) const {
    const auto found = check_params(to_json(), object);
    Params params;
    if (object.is_object()) {
      for (const auto& field : fields_) {
        const auto it = object.find(field.spec.name());
        if (it != object.end() && !names(found, field.spec.name())) field.assign(params, *it);
      }
    }
    issues.insert(issues.end(), found.begin(), found.end());
    return params;
  }

 private:
  static bool names(const std::vector<ParamIssue>& issues, const std::string& field) {
    for (const auto& issue : issues) {
      if (issue.pointer == "/" + field || issue.pointer.rfind("/" + field + "/", 0) == 0) return true;
    }
    return false;
  }
  struct Field {
    FieldSpec spec;
    std::function<void(Params&, const nlohmann::json&)> assign;
  };
  Schema() {
    fields_.reserve(32);
    Params::describe(*this);
  }
  std::vector<Field> fields_;
};

/// For components without parameters.
struct NoParams {
  static void describe(Schema<NoParams>&) {}
};

}  // namespace kindred
