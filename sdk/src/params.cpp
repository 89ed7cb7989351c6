#include "kindred/params.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "kindred/error.hpp"
#include "kindred/json_text.hpp"

namespace kindred {

namespace {

using nlohmann::json;

constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kMaxNameBytes = 128;  // longer words are no misspelt names; keeps the search cheap
constexpr size_t kMaxShownBytes = 60;

/// A value as it is shown in a sentence: short, and valid UTF-8 whatever it holds.
std::string shown(const json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return std::isnan(value.get<double>()) ? "NaN" : "infinite";
  }
  auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= kMaxShownBytes) return text;
  size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string quoted(const std::string& name) { return shown(json(name)); }

std::string kind_and_value(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::boolean:
      return "the boolean " + shown(value);
    case json::value_t::string:
      return "the string " + shown(value);
    case json::value_t::array:
      return "the array " + shown(value);
    case json::value_t::object:
      return "the object " + shown(value);
    default:
      return "the number " + shown(value);
  }
}

std::string with_article(const std::string& type) {
  return (type.find_first_of("aeiou") == 0 ? "an " : "a ") + type;
}

/// RFC 6901: '~' and '/' inside a key are escaped.
std::string child(const std::string& pointer, const std::string& key) {
  std::string out = pointer + '/';
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string text_of(const json& schema, const char* key) {
  const auto it = schema.find(key);
  return it != schema.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool has_type(const json& value, const std::string& type) {
  if (type == "boolean") return value.is_boolean();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "number") return value.is_number() && std::isfinite(value.get<double>());
  if (type == "integer") {
    return value.is_number_integer() &&
           !(value.is_number_unsigned() &&
             value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  }
  return true;
}

class Checker {
 public:
  std::vector<ParamIssue> issues;

  void object(const json& schema, const json& value, const std::string& pointer) {
    static const json none = json::object();
    const auto found = schema.find("properties");
    const json& properties = found != schema.end() && found->is_object() ? *found : none;
    for (const auto& [key, item] : value.items()) {
      const auto property = properties.find(key);
      if (property == properties.end()) {
        unknown(properties, key, pointer);
      } else {
        this->value(*property, item, child(pointer, key), quoted(key));
      }
    }
    const auto required = schema.find("required");
    if (required == schema.end() || !required->is_array()) return;
    for (const auto& name : *required) {
      if (!name.is_string() || value.contains(name.get<std::string>())) continue;
      const auto key = name.get<std::string>();
      const auto property = properties.find(key);
      const auto doc = property == properties.end() ? std::string() : text_of(*property, "description");
      add(pointer, quoted(key) + " is required and missing" + (doc.empty() ? "" : " (" + doc + ")"));
    }
  }

 private:
  void add(const std::string& pointer, std::string message) {
    issues.push_back({pointer, std::move(message)});
  }

  void unknown(const json& properties, const std::string& key, const std::string& pointer) {
    std::vector<std::string> names;
    for (const auto& [name, property] : properties.items()) names.push_back(name);
    auto message = "unknown parameter " + quoted(key);
    const auto close = closest_name(key, names);
    if (!close.empty()) {
      message += "; did you mean " + quoted(close) + "?";
    } else if (names.empty()) {
      message += "; it takes no parameters";
    } else {
      message += "; the parameters are " + list(names);
    }
    add(child(pointer, key), std::move(message));
  }

  void value(const json& schema, const json& value, const std::string& pointer, const std::string& label) {
    if (!schema.is_object()) return;
    const auto type = text_of(schema, "type");
    if (!has_type(value, type)) {
      auto expected = with_article(type);
      if (type == "number" && value.is_number()) expected = "a finite number";
      if (type == "integer" && value.is_number()) {
        expected += value.is_number_float() ? " (written without a fraction)" : " of 64 bits";
      }
      add(pointer, label + " must be " + expected + " but is " + kind_and_value(value));
      return;
    }
    range(schema, value, pointer, label);
    enumeration(schema, value, pointer, label);
    if (type == "object" && schema.contains("properties")) object(schema, value, pointer);
    const auto items = schema.find("items");
    if (type != "array" || items == schema.end()) return;
    for (size_t i = 0; i < value.size(); ++i) {
      const auto index = std::to_string(i);
      this->value(*items, value[i], child(pointer, index), "element " + index + " of " + label);
    }
  }

  void range(const json& schema, const json& value, const std::string& pointer, const std::string& label) {
    if (!value.is_number()) return;
    const auto low = schema.find("minimum"), high = schema.find("maximum");
    const bool has_low = low != schema.end() && low->is_number();
    const bool has_high = high != schema.end() && high->is_number();
    // nlohmann compares integers as integers, so large ones are not rounded.
    if (!(has_low && value < *low) && !(has_high && value > *high)) return;
    const auto unit = text_of(schema, "x-unit");
    auto bound = has_low && has_high ? "between " + shown(*low) + " and " + shown(*high)
                 : has_low           ? "at least " + shown(*low)
                                     : "at most " + shown(*high);
    if (!unit.empty()) bound += " " + unit;
    add(pointer, label + " must be " + bound + " but is " + shown(value));
  }

  void enumeration(const json& schema, const json& value, const std::string& pointer,
                   const std::string& label) {
    const auto allowed = schema.find("enum");
    if (allowed == schema.end() || !allowed->is_array()) return;
    if (std::find(allowed->begin(), allowed->end(), value) != allowed->end()) return;
    std::vector<std::string> names;
    for (const auto& name : *allowed) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
    auto message = label + " must be one of " + list(names) + " but is " + shown(value);
    const auto close = value.is_string() ? closest_name(value.get<std::string>(), names) : std::string();
    if (!close.empty()) message += "; did you mean " + quoted(close) + "?";
    add(pointer, std::move(message));
  }

  static std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + quoted(name);
    return out;
  }
};

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each once;
/// letters that differ in case alone are equal.
size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, row);
  }
  return previous[b.size()];
}

/// {"type": ...} of a member of type T.
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

/// Of an array what holds for its elements.
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
FieldSpec& FieldSpec::resource() {
  (*schema_)["x-path"] = "resource";
  return *this;
}
FieldSpec& FieldSpec::files() {
  (*schema_)["x-path"] = "files";
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

std::string FieldList::text() const { return to_json().dump(); }

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

std::vector<ParamIssue> check_params(const json& schema, const json& value) {
  if (!schema.is_object()) throw Error("a parameter schema must be a JSON object");
  if (!value.is_object()) return {{"", "the parameters must be an object but are " + kind_and_value(value)}};
  Checker checker;
  checker.object(schema, value, "");
  return std::move(checker.issues);
}

json parse_params_text(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    throw Error("the parameters are " + std::to_string(text.size()) + " bytes of JSON, more than the " +
                std::to_string(kMaxTextBytes) + " that are accepted; put large data into a file");
  }
  json value;
  try {
    value = json::parse(text.begin(), text.end(), [](int depth, json::parse_event_t event, json&) {
      if (nests_too_deep(depth, event)) {
        throw Error("the parameters nest arrays or objects deeper than " + std::to_string(kDeepestJson) +
                    " levels");
      }
      return true;
    });
  } catch (const json::exception& e) {
    const std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line ..."
    const auto end = what.find("] ");
    throw Error("the parameters are not valid JSON: " +
                (end == std::string::npos ? what : what.substr(end + 2)));
  }
  if (!value.is_object()) throw Error("the parameters must be an object but are " + kind_and_value(value));
  return value;
}

void throw_on_issues(const std::vector<ParamIssue>& issues) {
  if (issues.empty()) return;
  std::string text;
  for (const auto& issue : issues) text += (text.empty() ? "" : "; ") + issue.message;
  throw Error(text);
}

std::string closest_name(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  if (word.size() > kMaxNameBytes) return best;
  for (const auto& candidate : candidates) {
    if (candidate.size() > kMaxNameBytes) continue;
    // A third of the letters may be wrong: one of two to four, two of five to seven.
    const size_t limit = (std::max(word.size(), candidate.size()) + 1) / 3;
    const size_t distance = edit_distance(word, candidate);
    if (distance <= limit && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace kindred
