#include "host/run/trained_stages.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>

#include "host/base/issue.hpp"
#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/training/low_rank.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace {

Issue unknown_stage(const Pipeline& pipeline, const EncoderSpec& spec, const std::string& pointer,
                    const std::string& name, const std::vector<std::string>& stages) {
  auto message = spec.info->id + " has no stage \"" + name + "\"";
  if (const auto close = closest_name(name, stages); !close.empty()) {
    message += "; did you mean \"" + close + "\"?";
  }
  return {pipeline.file, pointer, message + "; its stages are: " + joined(stages)};
}

/// Says whether this processor multiplies bfloat16 faster than float32, and LibTorch makes use of it.
bool has_fast_bfloat16() {
#if defined(__x86_64__) && TORCH_VERSION_MAJOR >= 2
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace

int64_t first_trained_stage(const Pipeline& pipeline, const EncoderSpec& spec, const Encoder& encoder) {
  const auto stages = encoder.stages();
  const auto count = static_cast<int64_t>(stages.size());
  if (!spec.learns) return count;
  if (count < 2 && spec.options.gradient_checkpointing) {
    throw PipelineError(
        {{pipeline.file, spec.pointer + "/gradient_checkpointing",
          spec.info->id +
              " is one stage, of which all would be kept while it runs again; leave this out, and "
              "take train.gradient_cache where memory is short"}});
  }
  if (spec.trained_from.empty() && spec.lr_multipliers.empty()) return 0;
  const auto pointer = spec.pointer + "/trainable";
  if (count < 2 && !spec.trained_from.empty()) {
    throw PipelineError(
        {{pipeline.file, pointer + "/from",
          spec.info->id + " has no stages to cut between; it can be trained whole (true) or frozen "
                          "(false)"}});
  }
  std::vector<Issue> issues;
  const auto place =
      spec.trained_from.empty() ? stages.begin() : std::find(stages.begin(), stages.end(), spec.trained_from);
  if (place == stages.end()) {
    issues.push_back(unknown_stage(pipeline, spec, pointer + "/from", spec.trained_from, stages));
  }
  for (const auto& [name, unused] : spec.lr_multipliers) {
    const auto named = std::find(stages.begin(), stages.end(), name);
    const auto where = pointer + "/lr_multipliers/" + name;
    if (named == stages.end()) {
      issues.push_back(unknown_stage(pipeline, spec, where, name, stages));
    } else if (place != stages.end() && named < place) {
      issues.push_back(
          {pipeline.file, where, "this stage comes before " + spec.trained_from + ", so it is frozen"});
    }
  }
  if (!issues.empty()) throw PipelineError(issues);
  return place - stages.begin();
}

std::set<std::string> check_cuts(const Catalog& catalog, const Pipeline& pipeline) {
  std::set<std::string> cut;
  std::string first;
  for (const auto& spec : pipeline.encoders) {
    if (!spec.learns || spec.info == nullptr) continue;
    auto params = spec.params;
    for (const auto& [name, field] : spec.info->schema["properties"].items()) {
      if (path_use(field) == PathUse::initial_weights) params[name] = "";
    }
    const auto encoder = create_under_contract<Encoder>(catalog, *spec.info, params);
    EncoderPart part;
    part.id = spec.info->id;
    part.encoder = encoder;
    part.stage_count = static_cast<int64_t>(encoder->stages().size());
    part.first_trained = first_trained_stage(pipeline, spec, *encoder);
    if (part.first_trained > 0) cut.insert(spec.name);
    if (spec.lora) lora_targets(spec, part);  // throws where there are none
    first = encoder->stages().front();
    training_dtype(spec, pipeline, *encoder, at::kCPU);
  }
  if (!first.empty() && cut.empty() && pipeline.cache.views > 1) {
    throw PipelineError(
        {{pipeline.file, "/cache/views",
          "nothing comes before " + first + ", so there are no maps to keep views of; leave views at 1"}});
  }
  return cut;
}

at::ScalarType training_dtype(const EncoderSpec& spec, const Pipeline& pipeline, const Encoder& encoder,
                              at::Device device) {
  const auto& asked = spec.options.precision;
  if (!spec.learns || asked == Precision::float32) return at::kFloat;
  const bool able = encoder.runs_in_bfloat16();
  if (asked == Precision::bfloat16) {
    if (able) return at::kBFloat16;
    throw PipelineError({{pipeline.file, spec.pointer + "/precision",
                          spec.info->id + " does not run in bfloat16; take \"auto\" or \"float32\""}});
  }
  return able && device.is_cpu() && has_fast_bfloat16() ? at::kBFloat16 : at::kFloat;
}

}  // namespace kindred::host
