#include "host/run/weights_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/base/issue.hpp"
#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/transform_list.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/loader/published_weights.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// Weights of one network are published with 0.5 and with 127/255: that is no difference.
constexpr double kAlike = 0.01;

TransformList made(const Catalog& catalog, const std::vector<ComponentSpec>& specs) {
  TransformList list;
  for (const auto& spec : specs) {
    if (spec.info != nullptr)
      list.push_back(create_under_contract<Transform>(catalog, *spec.info, spec.params));
  }
  return list;
}

bool alike(const Normalization& a, const Normalization& b) {
  const auto near = [](double x, double y) { return std::abs(x - y) <= kAlike; };
  return std::equal(a.mean.begin(), a.mean.end(), b.mean.begin(), near) &&
         std::equal(a.std.begin(), a.std.end(), b.std.begin(), near);
}

std::string numbers_of(const std::array<double, 3>& values) {
  return fmt::format("({:.3g}, {:.3g}, {:.3g})", values[0], values[1], values[2]);
}

std::string text_of(const Normalization& one) {
  return fmt::format("mean {} and standard deviation {}", numbers_of(one.mean), numbers_of(one.std));
}

/// The key of an encoder's initial weights that were left out, or "".
std::string absent_weights(const ComponentSpec& spec) {
  if (spec.info == nullptr || spec.random_weights) return "";
  for (const auto& [key, field] : spec.info->schema["properties"].items()) {
    if (path_use(field) == PathUse::initial_weights && spec.params.value(key, "") == "") return key;
  }
  return "";
}

}  // namespace

void check_frozen_weights(Pipeline& pipeline, const std::set<std::string>& cut) {
  std::vector<Issue> issues;
  for (const auto& spec : pipeline.encoders) {
    const auto key = spec.learns && cut.count(spec.name) == 0 ? "" : absent_weights(spec);
    if (key.empty()) continue;
    const auto names = fitting_names(published_files(spec.info->schema["properties"][key]), spec.params);
    const auto what =
        fmt::format("{} of {} {} random: \"{}\" is left out",
                    spec.learns ? "the frozen stages" : "the frozen weights", spec.info->id, "are", key);
    const auto advice = fmt::format("write \"{}\": \"{}\" if that is meant", key, kRandomWeights);
    if (names.empty()) {
      pipeline.warnings.push_back(fmt::format("{}; give a file of weights, or {}", what, advice));
    } else {
      issues.push_back(
          {pipeline.file, spec.pointer + "/" + key,
           fmt::format("{}; give a file, or the name of published weights ({}; `host weights` says "
                       "more), or {}",
                       what, joined(names), advice)});
    }
  }
  if (!issues.empty()) throw PipelineError(issues);
}

void compare_normalizations(const Catalog& catalog, Pipeline& pipeline) {
  for (const auto& spec : pipeline.encoders) {
    if (spec.expected.empty()) continue;
    try {
      const auto expected = normalization_of(made(catalog, spec.expected));
      const auto given = normalization_of(made(catalog, pipeline.transforms));
      if (alike(given, expected)) continue;
      const bool none = alike(given, Normalization());
      pipeline.warnings.push_back(fmt::format(
          "data.transforms {}, but the weights of encoder \"{}\" ({}) were trained with {}; leave "
          "data.transforms out to take the encoder's own, or normalise with these numbers",
          none ? "do not normalise" : "normalise with " + text_of(given), spec.name, spec.info->id,
          text_of(expected)));
    } catch (const Error&) {
      return;  // two that normalise: make_components reports it
    }
  }
}

void tell_notes(const Pipeline& pipeline, Context& context) {
  for (const auto& one : pipeline.notes) context.info(one);
  for (const auto& one : pipeline.warnings) context.warning(one);
}

}  // namespace kindred::host
