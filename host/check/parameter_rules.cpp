#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "host/check/rule.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// The same component, to be made from other parameters.
Subject changed(const Subject& subject, const json& params) {
  return {subject.info, subject.catalog, params};
}

const KindChecks& checks_for(const Subject& subject) { return checks_by_kind().at(subject.info.kind); }

void make_any(const Subject& subject, const json& params) {
  checks_for(subject).make(changed(subject, params));
}

Behaviour behaviour(const Subject& subject, const json& params) {
  const auto& behaviour_of = checks_for(subject).behaviour;
  // The first call may draw examples, which later ones share.
  static const bool drawn = [&] {
    behaviour_of(changed(subject, params));
    return true;
  }();
  (void)drawn;
  at::manual_seed(1);  // initial values are drawn from it
  return behaviour_of(changed(subject, params));
}

bool equal(const Behaviour& a, const Behaviour& b) {
  const auto same = [](const at::Tensor& x, const at::Tensor& y) {
    return x.scalar_type() == y.scalar_type() && at::equal(x.nan_to_num(), y.nan_to_num());
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool is_refused(const Subject& subject, const json& params) {
  try {
    make_any(subject, params);
  } catch (const PluginError&) {
    return true;
  }
  return false;
}

/// Returns values of one field that its own schema forbids.
std::vector<json> forbidden_values(const json& field) {
  constexpr double kExact = 1e15;  // beyond, one more may be the same number
  const auto& element = field.contains("items") ? field["items"] : field;
  const bool integer = element.value("type", "") == "integer";
  std::vector<json> values;
  if (element.contains("enum")) values.push_back("no such word");
  for (const auto& [key, step] : {std::pair{"minimum", -1.0}, {"maximum", 1.0}}) {
    if (!element.contains(key) || std::abs(element[key].get<double>()) > kExact) continue;
    const double value = element[key].get<double>() + step;
    values.push_back(integer ? json(static_cast<int64_t>(value)) : json(value));
  }
  if (field.contains("items")) {
    for (auto& value : values) value = json::array({value});
  }
  return values;
}

void can_be_made(const Subject& subject) { make_any(subject, subject.params); }

void is_documented(const Subject& subject) {
  require(!subject.info.summary.empty(), "has an empty summary");
  require(!subject.info.version.empty(), "has an empty version");
  for (const auto& [name, field] : subject.info.schema["properties"].items()) {
    require(!field.value("description", "").empty(), "has no doc() for its parameter {}", name);
  }
}

void defaults_are_valid(const Subject& subject) {
  json params = subject.params;
  for (const auto& [name, field] : subject.info.schema["properties"].items()) {
    if (!params.contains(name) && field.contains("default")) params[name] = field["default"];
  }
  const auto issues = check_params(subject.info.schema, params);
  require(issues.empty(), "refuses its own default of {}", issues.empty() ? "" : issues.front().pointer);
  make_any(subject, params);
}

void defaults_survive_json(const Subject& subject) {
  const auto left_out = behaviour(subject, subject.params);
  auto all = subject.params;
  for (const auto& [name, field] : subject.info.schema["properties"].items()) {
    if (field.contains("default") && !all.contains(name)) all[name] = field["default"];
  }
  if (equal(left_out, behaviour(subject, all))) return;  // one by one only to name it
  for (const auto& [name, field] : subject.info.schema["properties"].items()) {
    if (subject.params.contains(name) || !field.contains("default")) continue;
    auto params = subject.params;
    params[name] = field["default"];
    require(equal(left_out, behaviour(subject, params)),
            "gives something else with {} = {}, the default in its schema, than without", name,
            json_text(field["default"]));
  }
}

void unknown_is_refused(const Subject& subject) {
  auto params = subject.params;
  params["no_such_parameter"] = 1;
  require(is_refused(subject, params), "accepts a parameter that it does not have");
}

void forbidden_is_refused(const Subject& subject) {
  for (const auto& [name, field] : subject.info.schema["properties"].items()) {
    for (const auto& value : forbidden_values(field)) {
      auto params = subject.params;
      params[name] = value;
      require(is_refused(subject, params), "accepts {} = {}, which its schema forbids", name,
              json_text(value));
    }
  }
}

void wrong_type_is_refused(const Subject& subject) {
  for (const auto& [name, field] : subject.info.schema["properties"].items()) {
    if (!field.contains("type")) continue;
    auto params = subject.params;
    params[name] = field["type"] == "object" ? json("text") : json::object();
    require(is_refused(subject, params), "accepts {} = {}, which is no {}", name, json_text(params[name]),
            field["type"].get<std::string>());
  }
}

}  // namespace

std::vector<Rule> parameter_rules() {
  return {
      {"can_be_made", "it is made from its defaults, or from the parameters given", can_be_made},
      {"is_documented", "component and parameters say what they are for", is_documented},
      {"defaults_are_valid", "every default passes the schema and can be written out", defaults_are_valid},
      {"defaults_survive_json", "a default written out as JSON means the same as left out",
       defaults_survive_json},
      {"unknown_is_refused", "a parameter that does not exist is refused", unknown_is_refused},
      {"forbidden_is_refused", "a value outside its range or list is refused", forbidden_is_refused},
      {"wrong_type_is_refused", "a value of another type is refused", wrong_type_is_refused},
  };
}

}  // namespace kindred::host
