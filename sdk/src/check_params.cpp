#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/names.hpp"
#include "kindred/params.hpp"

namespace kindred {
namespace {

using nlohmann::json;

constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kMaxShownBytes = 60;

/// A value as it is shown in a sentence: short, and valid UTF-8 whatever it holds.
std::string short_text(const json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return std::isnan(value.get<double>()) ? "NaN" : "infinite";
  }
  auto text = json_text(value);
  if (text.size() <= kMaxShownBytes) return text;
  size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string quoted(const std::string& name) { return short_text(json(name)); }

std::string kind_and_value(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::boolean:
      return "the boolean " + short_text(value);
    case json::value_t::string:
      return "the string " + short_text(value);
    case json::value_t::array:
      return "the array " + short_text(value);
    case json::value_t::object:
      return "the object " + short_text(value);
    default:
      return "the number " + short_text(value);
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
    const auto same = same_name(key, names);
    const auto close = same.empty() ? closest_name(key, names) : same;
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
    auto bound = has_low && has_high ? "between " + short_text(*low) + " and " + short_text(*high)
                 : has_low           ? "at least " + short_text(*low)
                                     : "at most " + short_text(*high);
    if (!unit.empty()) bound += " " + unit;
    add(pointer, label + " must be " + bound + " but is " + short_text(value));
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
    auto message = label + " must be one of " + list(names) + " but is " + short_text(value);
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

}  // namespace

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
  restore_bytes(value);
  return value;
}

void throw_on_issues(const std::vector<ParamIssue>& issues) {
  if (issues.empty()) return;
  std::string text;
  for (const auto& issue : issues) text += (text.empty() ? "" : "; ") + issue.message;
  throw Error(text);
}

}  // namespace kindred
