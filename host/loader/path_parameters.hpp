#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace kindred::host {

/// What a parameter that is a path is for. A component's schema says it under "x-path"; what each means to a
/// plugin is in kindred::FieldSpec.
enum class PathUse {
  none,             ///< the parameter is no path
  input,            ///< read where the component is made, and nowhere else
  initial_weights,  ///< what they hold is in the model's tensors, so a saved model does without them
  resource,         ///< copied beside a saved model
};

/// Says what a parameter is for; `field` is its entry among a schema's "properties".
inline PathUse path_use(const nlohmann::json& field) {
  const auto mark = field.value("x-path", "");
  if (mark.empty()) return PathUse::none;
  if (mark == "initial_weights") return PathUse::initial_weights;
  if (mark == "resource") return PathUse::resource;
  return PathUse::input;
}

}  // namespace kindred::host
