#include "host/run/weights_advice.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/issue.hpp"
#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/transform_list.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/loader/published_weights.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

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
  const auto& fields = spec.info->schema["properties"];
  // A folder that says what its pictures go through holds the weights; other resources may be anything.
  for (const auto& [key, field] : fields.items()) {
    const bool holds_weights = path_use(field) == PathUse::resource && field.contains("x-expects");
    if (holds_weights && spec.params.value(key, "") != "") return "";
  }
  for (const auto& [key, field] : fields.items()) {
    if (path_use(field) == PathUse::initial_weights && spec.params.value(key, "") == "") return key;
  }
  return "";
}

std::string normalization_difference(const TransformList& given, const TransformList& expected) {
  const auto ours = normalization_of(given), theirs = normalization_of(expected);
  if (alike(ours, theirs)) return "";
  return fmt::format("data.transforms {}, they with {}",
                     alike(ours, Normalization()) ? "do not normalise" : "normalise with " + text_of(ours),
                     text_of(theirs));
}

/// Height and width of what the transforms make of a picture of this size.
std::pair<int64_t, int64_t> size_after(const TransformList& transforms, int64_t height, int64_t width) {
  const auto image = transformed(transforms, at::zeros({height, width, 3}, at::kByte));
  return {image.size(0), image.size(1)};
}

std::string size_difference(const TransformList& given, const TransformList& expected) {
  const auto theirs = size_after(expected, 300, 400);
  const auto ours = size_after(given, 300, 400);
  const auto expected_text = fmt::format("they had {} x {} pixels", theirs.first, theirs.second);
  if (ours != size_after(given, 600, 500))
    return "pictures keep a size of their own behind data.transforms, " + expected_text;
  if (ours.first >= theirs.first && ours.second >= theirs.second) return "";
  return fmt::format("data.transforms make pictures of {} x {} pixels, {}", ours.first, ours.second,
                     expected_text);
}

/// What of the same transform is chosen by a word, such as the interpolation, and chosen otherwise.
std::string choice_difference(const std::vector<ComponentSpec>& given,
                              const std::vector<ComponentSpec>& expected) {
  for (const auto& theirs : expected) {
    for (const auto& ours : given) {
      if (ours.info == nullptr || theirs.info == nullptr || ours.info->id != theirs.info->id) continue;
      for (const auto& [key, value] : theirs.params.items()) {
        if (!value.is_string() || !ours.params.contains(key) || ours.params[key] == value) continue;
        return fmt::format("{} of {} in data.transforms is {}, theirs was {}", key, ours.info->id,
                           json_text(ours.params[key]), json_text(value));
      }
    }
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

void compare_transforms(const Catalog& catalog, Pipeline& pipeline) {
  for (const auto& spec : pipeline.encoders) {
    if (spec.expected.empty()) continue;
    try {
      const auto expected = made(catalog, spec.expected), given = made(catalog, pipeline.transforms);
      for (const auto& difference :
           {normalization_difference(given, expected), size_difference(given, expected),
            choice_difference(pipeline.transforms, spec.expected)}) {
        if (difference.empty()) continue;
        if (spec.expected_by_folder && !pipeline.loading.other_transforms) {
          throw PipelineError(
              {{pipeline.file, "/data/transforms",
                fmt::format(
                    "the folder of encoder \"{}\" ({}) says otherwise: {}; leave data.transforms out to take "
                    "the folder's own, give these values, or set data.other_transforms to true if that is "
                    "meant",
                    spec.name, spec.info->id, difference)}});
        }
        pipeline.warnings.push_back(fmt::format(
            "the weights of encoder \"{}\" ({}) were trained otherwise: {}; leave data.transforms out to "
            "take the encoder's own, or give these values",
            spec.name, spec.info->id, difference));
      }
    } catch (const Error&) {
      return;  // two that normalise, or a transform that fails: make_components and the run report it
    }
  }
}

void tell_notes(const Pipeline& pipeline, Context& context) {
  for (const auto& one : pipeline.notes) context.info(one);
  for (const auto& one : pipeline.warnings) context.warning(one);
}

}  // namespace kindred::host
