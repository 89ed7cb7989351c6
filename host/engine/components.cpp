#include "host/engine/components.hpp"

#include <set>

#include "host/engine/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/issue.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

Normalization normalization_of(const std::vector<std::shared_ptr<Transform>>& transforms) {
  Normalization result, one;
  int count = 0;
  for (const auto& transform : transforms) {
    if (!transform->normalization(one)) continue;
    result = one;
    ++count;
  }
  if (count > 1) throw Error("two transforms of the list normalise; keep one of them");
  return result;
}

Components make_components(const Catalog& catalog, const Pipeline& pipeline) {
  Components parts;
  std::vector<Issue> issues;
  const auto issue = [&](const std::string& pointer, const std::string& message) {
    issues.push_back({pipeline.file, pointer, message});
  };
  for (const auto& spec : pipeline.transforms) {
    if (spec.info == nullptr) continue;  // reported by the validator
    parts.transforms.push_back(create_under_contract<Transform>(catalog, *spec.info, spec.params));
    if (parts.transforms.back()->is_random()) {
      issue(spec.pointer, spec.info->id +
                              " is random; data.transforms also serves the cache and the measurements, "
                              "which need the same picture every time: move it to data.train_transforms");
    }
  }
  for (const auto& spec : pipeline.train_transforms) {
    if (spec.info == nullptr) continue;
    parts.train_transforms.push_back(create_under_contract<Transform>(catalog, *spec.info, spec.params));
  }
  if (!pipeline.data.train_transforms.is_null() && !pipeline.learns()) {
    issue("/data/train_transforms",
          "only a trainable encoder sees them, and this one is frozen; remove them or set "
          "\"trainable\": true");
  }
  for (const auto* list : {&parts.transforms, &parts.train_transforms}) {
    try {
      normalization_of(*list);
    } catch (const Error& error) {
      issue(list == &parts.transforms ? "/data/transforms" : "/data/train_transforms", error.what());
    }
  }
  if (issues.empty() && pipeline.learns()) {
    const auto plain = normalization_of(parts.transforms), train = normalization_of(parts.train_transforms);
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
  const auto& monitor = pipeline.early_stopping.monitor;
  const std::string prefix = "validation.";
  if (all_metrics && monitor.rfind(prefix, 0) == 0 && monitor != "validation.loss" &&
      !names.count(monitor.substr(prefix.size()))) {
    std::string known = "validation.loss";
    for (const auto& name : names) known += ", " + prefix + name;
    issue("/train/early_stopping/monitor", "nothing is called " + monitor + "; there are: " + known);
  }
  if (pipeline.eval_sampler.info != nullptr) {
    parts.eval_sampler = create_under_contract<EvalSampler>(catalog, *pipeline.eval_sampler.info,
                                                            pipeline.eval_sampler.params);
  }
  if (pipeline.batch_sampler.info != nullptr) {
    parts.batch_sampler = create_under_contract<BatchSampler>(catalog, *pipeline.batch_sampler.info,
                                                              pipeline.batch_sampler.params);
  }
  if (!issues.empty()) throw PipelineError(issues);
  return parts;
}

}  // namespace kindred::host
