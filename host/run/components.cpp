#include "host/run/components.hpp"

#include <set>

#include "host/base/issue.hpp"
#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/options/monitor.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

Components make_components(const Catalog& catalog, const Pipeline& pipeline) {
  Components parts;
  std::vector<Issue> issues;
  const auto issue = [&](const std::string& pointer, const std::string& message) {
    issues.push_back({pipeline.file, pointer, message});
  };
  for (const auto& spec : pipeline.transforms) {
    if (spec.info == nullptr) continue;  // reported by the validator
    parts.transforms.plain.push_back(create_under_contract<Transform>(catalog, *spec.info, spec.params));
    if (parts.transforms.plain.back()->is_random()) {
      issue(spec.pointer, spec.info->id +
                              " is random; data.transforms also serves the cache and the measurements, "
                              "which need the same picture every time: move it to data.train_transforms");
    }
  }
  for (const auto& spec : pipeline.train_transforms) {
    if (spec.info == nullptr) continue;
    parts.transforms.train.push_back(create_under_contract<Transform>(catalog, *spec.info, spec.params));
  }
  if (pipeline.has_train_transforms && !pipeline.learns()) {
    issue("/data/train_transforms",
          "only a trainable encoder sees them, and this one is frozen; remove them or set "
          "\"trainable\": true");
  }
  for (const auto* list : {&parts.transforms.plain, &parts.transforms.train}) {
    try {
      normalization_of(*list);
    } catch (const Error& error) {
      issue(list == &parts.transforms.plain ? "/data/transforms" : "/data/train_transforms", error.what());
    }
  }
  if (issues.empty() && pipeline.learns()) {
    const auto plain = normalization_of(parts.transforms.plain),
               train = normalization_of(parts.transforms.train);
    if (plain.mean != train.mean || plain.std != train.std) {
      issue("/data/train_transforms",
            "they normalise otherwise than data.transforms; end both lists with the same normalize");
    }
  }
  std::set<std::string> names;
  bool all_metrics = true;
  for (const auto& spec : pipeline.metrics) {
    all_metrics = all_metrics && spec.info != nullptr;
    if (spec.info == nullptr) continue;
    parts.metrics.push_back(create_under_contract<Metric>(catalog, *spec.info, spec.params));
    if (!names.insert(parts.metrics.back()->name()).second) {
      issue(spec.pointer, "two metrics are called " + parts.metrics.back()->name());
    }
  }
  const auto& monitor = pipeline.training.early_stopping.monitor;
  if (all_metrics && is_of_validation(monitor) && monitor != kValidationLoss &&
      !names.count(validation_value(monitor))) {
    std::string known = kValidationLoss;
    for (const auto& name : names) known += ", " + monitored_metric(name);
    issue("/train/early_stopping/monitor", "nothing is called " + monitor + "; there are: " + known);
  }
  if (pipeline.eval_sampler.info != nullptr) {
    parts.eval_sampler = create_under_contract<EvalSampler>(catalog, *pipeline.eval_sampler.info,
                                                            pipeline.eval_sampler.params);
  }
  if (pipeline.training.batch_sampler.info != nullptr) {
    parts.batch_sampler = create_under_contract<BatchSampler>(catalog, *pipeline.training.batch_sampler.info,
                                                              pipeline.training.batch_sampler.params);
  }
  if (!issues.empty()) throw PipelineError(issues);
  return parts;
}

}  // namespace kindred::host
