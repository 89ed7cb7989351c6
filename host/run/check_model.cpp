#include "host/run/check_model.hpp"

#include <algorithm>

#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/run/check_losses.hpp"
#include "host/run/make_model.hpp"
#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {

constexpr size_t kMostVariants = 16;  // more are not tried

std::vector<const ComponentSpec*> components_of(const Pipeline& pipeline) {
  std::vector<const ComponentSpec*> all = {&pipeline.dataset, &pipeline.training.batch_sampler,
                                           &pipeline.eval_sampler};
  const auto add = [&](const auto& list) {
    for (const auto& one : list) all.push_back(&one);
  };
  add(pipeline.encoders);
  add(pipeline.heads);
  for (const auto& head : pipeline.heads) {
    for (const auto& branch : head.branches) add(branch);
  }
  add(pipeline.training.losses);
  for (const auto& loss : pipeline.training.losses) all.push_back(&loss.miner);
  add(pipeline.transforms);
  add(pipeline.train_transforms);
  add(pipeline.metrics);
  add(pipeline.trackers);
  return all;
}

/// Name of the parameter with the weights that an encoder begins with; "" where none are given.
std::string weights_key(const EncoderSpec& spec) {
  for (const auto& [name, field] : spec.info->schema["properties"].items()) {
    const auto given = spec.params.find(name);
    const bool is_given = given != spec.params.end() && given->is_string() && *given != "";
    if (path_use(field) == PathUse::initial_weights && is_given) return name;
  }
  return "";
}

/// What another choice among the parameter's values makes of weights that do not fit: "; the file fits ...".
std::string fitting_variant(const Catalog& catalog, const EncoderSpec& spec) {
  for (const auto& [name, field] : spec.info->schema["properties"].items()) {
    const auto values = field.value("enum", nlohmann::json::array());
    if (values.size() > kMostVariants) continue;
    for (const auto& value : values) {
      auto params = spec.params;
      if (params.value(name, nlohmann::json()) == value) continue;
      params[name] = value;
      try {
        create_under_contract<Encoder>(catalog, *spec.info, params);
      } catch (const std::exception&) {
        continue;  // neither does this one fit
      }
      return "; the file fits \"" + name + "\": " + json_text(value);
    }
  }
  return "";
}

/// The issue of an encoder that cannot be made, at its weights where they may be what is wrong.
Issue issue_of_encoder(const Catalog& catalog, const Pipeline& pipeline, const EncoderSpec& spec,
                       const PluginError& error) {
  const auto key = weights_key(spec);
  if (key.empty()) return {pipeline.file, spec.pointer, error.what()};
  return {pipeline.file, spec.pointer + "/" + key, error.what() + fitting_variant(catalog, spec)};
}

std::vector<Issue> issues_of_one(const Catalog& catalog, const Pipeline& pipeline, const EncoderSpec& spec,
                                 const Dataset* dataset) {
  try {
    if (dataset == nullptr) {
      // An encoder whose length is that of vectors cannot be asked without them.
      if (!weights_key(spec).empty()) create_under_contract<Encoder>(catalog, *spec.info, spec.params);
      return {};
    }
    auto alone = pipeline;
    alone.encoders = {spec};
    alone.heads.clear();
    make_model(catalog, alone, *dataset);
  } catch (const PipelineError& error) {
    return error.issues();
  } catch (const PluginError& error) {
    return {issue_of_encoder(catalog, pipeline, spec, error)};
  } catch (const Error& error) {
    return {{pipeline.file, spec.pointer, error.what()}};
  }
  return {};
}

bool has_mistakes(const Pipeline& pipeline) {
  const auto wrong = [](const ComponentSpec& spec) { return spec.info == nullptr; };
  const auto any = [&](const auto& list) { return std::any_of(list.begin(), list.end(), wrong); };
  return any(pipeline.encoders) ||
         std::any_of(pipeline.heads.begin(), pipeline.heads.end(), [&](const HeadSpec& head) {
           return head.switch_on.empty() ? wrong(head)
                                         : std::any_of(head.branches.begin(), head.branches.end(), any);
         });
}

}  // namespace

Issue issue_of(const Pipeline& pipeline, const PluginError& error) {
  for (const auto* spec : components_of(pipeline)) {
    if (spec->info != nullptr && spec->info->id == error.component()) {
      return {pipeline.file, spec->pointer, error.what()};
    }
  }
  return {pipeline.file, "", error.what()};
}

void add_failure(std::vector<PluginError>& failures, const PluginError& error) {
  const bool is_there = std::any_of(failures.begin(), failures.end(), [&](const PluginError& one) {
    return std::string(one.what()) == error.what();
  });
  if (!is_there) failures.push_back(error);
}

std::vector<Issue> model_issues(const Catalog& catalog, const Pipeline& pipeline, const Dataset* dataset) {
  if (dataset != nullptr && !has_mistakes(pipeline) && !pipeline.encoders.empty()) {
    try {
      return matryoshka_issues(pipeline, make_model(catalog, pipeline, *dataset));
    } catch (const std::exception&) {
      // Which of them it is, and whether others are wrong too, is found out below.
    }
  }
  std::vector<Issue> issues;
  for (const auto& spec : pipeline.encoders) {
    if (spec.info == nullptr) continue;
    const auto found = issues_of_one(catalog, pipeline, spec, dataset);
    issues.insert(issues.end(), found.begin(), found.end());
  }
  if (!issues.empty() || dataset == nullptr || has_mistakes(pipeline)) return issues;
  try {
    make_model(catalog, pipeline, *dataset);
  } catch (const PipelineError& error) {
    return error.issues();
  } catch (const PluginError& error) {
    return {issue_of(pipeline, error)};
  } catch (const Error& error) {
    return {{pipeline.file, "/model", error.what()}};
  }
  return {};
}

}  // namespace kindred::host
