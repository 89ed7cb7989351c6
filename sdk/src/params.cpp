#include "kindred/params.hpp"
#include "kindred/io/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace kindred {
namespace {

using nlohmann::json;

/// Returns {"type": ...} for a member of type T.
template <class T>
json type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return {{"type", "boolean"}};
  else if constexpr (std::is_same_v<T, int64_t>)
    return {{"type", "integer"}};
  else if constexpr (std::is_same_v<T, double>)
    return {{"type", "number"}};
  else if constexpr (std::is_same_v<T, std::string>)
    return {{"type", "string"}};
  else if constexpr (std::is_same_v<T, json>)
    return json::object();
  else
    return {{"type", "array"}, {"items", type_of<typename T::value_type>()}};
}

/// Returns the schema of an array's elements, or `schema` itself where it is of no array.
json& element_of(json& schema) {
  const auto type = schema.find("type");
  return type != schema.end() && *type == "array" ? schema["items"] : schema;
}

json bound(json& schema, double value) {
  const auto type = element_of(schema).find("type");
  const bool integer = type != element_of(schema).end() && *type == "integer";
  if (integer && std::floor(value) == value && std::abs(value) < 9e15) return static_cast<int64_t>(value);
  return value;
}

bool names(const std::vector<ParamIssue>& issues, const std::string& field) {
  return std::any_of(issues.begin(), issues.end(), [&](const ParamIssue& issue) {
    return issue.pointer == "/" + field || issue.pointer.rfind("/" + field + "/", 0) == 0;
  });
}

}  // namespace

FieldSpec& FieldSpec::doc(std::string_view text) {
  (*schema_)["description"] = std::string(text);
  return *this;
}
FieldSpec& FieldSpec::minimum(double low) {
  element_of(*schema_)["minimum"] = bound(*schema_, low);
  return *this;
}
FieldSpec& FieldSpec::maximum(double high) {
  element_of(*schema_)["maximum"] = bound(*schema_, high);
  return *this;
}
FieldSpec& FieldSpec::one_of(const std::vector<std::string>& values) {
  element_of(*schema_)["enum"] = values;
  // The default of an enum is a number until its names are known.
  auto& value = (*schema_)["default"];
  if (value.is_number_integer() && (*schema_)["type"] == "string") value = values.at(value.get<size_t>());
  return *this;
}
FieldSpec& FieldSpec::type(std::string_view json_type) {
  (*schema_)["type"] = std::string(json_type);
  return *this;
}
FieldSpec& FieldSpec::unit(std::string_view text) {
  (*schema_)["x-unit"] = std::string(text);
  return *this;
}
FieldSpec& FieldSpec::required() {
  (*schema_)["x-required"] = true;
  return *this;
}
FieldSpec& FieldSpec::example(std::string_view text) {
  (*schema_)["examples"] = json::array({json::parse(text)});
  return *this;
}
FieldSpec& FieldSpec::path() {
  (*schema_)["x-path"] = "input";
  return *this;
}
FieldSpec& FieldSpec::initial_weights() {
  (*schema_)["x-path"] = "initial_weights";
  return *this;
}
FieldSpec& FieldSpec::published(const std::vector<PublishedWeights>& files) {
  auto& list = (*schema_)["x-published"] = json::array();
  for (const auto& one : files) {
    list.push_back({{"name", one.name},
                    {"when", json::parse(one.when)},
                    {"url", one.url},
                    {"sha256", one.sha256},
                    {"mebibytes", one.mebibytes},
                    {"licence", one.licence},
                    {"source", one.source}});
  }
  return *this;
}
FieldSpec& FieldSpec::expects(std::string_view when, std::string_view transforms) {
  (*schema_)["x-expects"].push_back({{"when", json::parse(when)}, {"transforms", json::parse(transforms)}});
  return *this;
}
FieldSpec& FieldSpec::resource() {
  (*schema_)["x-path"] = "resource";
  return *this;
}

struct FieldList::Field {
  std::string name;
  json schema;
  std::function<void(void* params, const json& value)> assign;
};

FieldList::FieldList() = default;
FieldList::~FieldList() = default;

template <class T>
FieldSpec FieldList::add_field(const char* name, size_t offset, const T& default_value) {
  auto schema = type_of<T>();
  schema["default"] = default_value;
  const auto assign = [offset](void* params, const json& value) {
    *reinterpret_cast<T*>(static_cast<char*>(params) + offset) = value.get<T>();
  };
  fields_.push_back(std::make_unique<Field>(Field{name, std::move(schema), assign}));
  return FieldSpec(fields_.back()->schema);
}

FieldSpec FieldList::add(const char* name, size_t offset, const bool& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const int64_t& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const double& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const std::string& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const std::vector<int64_t>& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const std::vector<double>& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const std::vector<std::string>& value) {
  return add_field(name, offset, value);
}
FieldSpec FieldList::add(const char* name, size_t offset, const json& value) {
  return add_field(name, offset, value);
}

FieldSpec FieldList::add_choice(const char* name, size_t offset, int value) {
  auto field = std::make_unique<Field>(Field{name, {{"type", "string"}, {"default", value}}, {}});
  field->assign = [offset, schema = &field->schema](void* params, const json& given) {
    const auto& names = schema->at("enum");
    const auto place = static_cast<int>(std::find(names.begin(), names.end(), given) - names.begin());
    std::memcpy(static_cast<char*>(params) + offset, &place, sizeof(place));
  };
  fields_.push_back(std::move(field));
  return FieldSpec(fields_.back()->schema);
}

json FieldList::to_json() const {
  json properties = json::object(), required = json::array();
  for (const auto& field : fields_) {
    properties[field->name] = field->schema;
    if (!field->schema.value("x-required", false)) continue;
    required.push_back(field->name);
    properties[field->name].erase("default");
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

std::string FieldList::text() const { return json_text(to_json()); }

void FieldList::parse(std::string_view text, void* params) const {
  const auto object = parse_params_text(text);
  std::vector<ParamIssue> issues;
  read(object, params, issues);
  throw_on_issues(issues);
}

void FieldList::read(const json& object, void* params, std::vector<ParamIssue>& issues) const {
  const auto found = check_params(to_json(), object);
  if (object.is_object()) {
    for (const auto& field : fields_) {
      const auto it = object.find(field->name);
      if (it != object.end() && !names(found, field->name)) field->assign(params, *it);
    }
  }
  issues.insert(issues.end(), found.begin(), found.end());
}

}  // namespace kindred
