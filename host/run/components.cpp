#include "host/run/components.hpp"

#include <set>

#include "host/base/issue.hpp"
#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/options/monitor.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// The parts of one pipeline in the making, and what is wrong with them.
class ComponentMaker {
 public:
  ComponentMaker(const Catalog& catalog, const Pipeline& pipeline) : catalog_(catalog), pipeline_(pipeline) {}

  Components all() {
    make_transforms();
    make_metrics();
    make_samplers();
    if (!issues_.empty()) throw PipelineError(issues_);
    return std::move(parts_);
  }

 private:
  void issue(const std::string& pointer, const std::string& message) {
    issues_.push_back({pipeline_.file, pointer, message});
  }

  template <class Interface>
  std::shared_ptr<Interface> made(const ComponentSpec& spec) const {
    return create_under_contract<Interface>(catalog_, *spec.info, spec.params);
  }

  void make_transforms();
  void check_normalizations();
  void make_metrics();
  void make_samplers();

  const Catalog& catalog_;
  const Pipeline& pipeline_;
  Components parts_;
  std::vector<Issue> issues_;
};

void ComponentMaker::make_transforms() {
  for (const auto& spec : pipeline_.transforms) {
    if (spec.info == nullptr) continue;  // reported by the validator
    parts_.transforms.plain.push_back(made<Transform>(spec));
    if (parts_.transforms.plain.back()->is_random()) {
      issue(spec.pointer, spec.info->id +
                              " is random; data.transforms also serves the cache and the measurements, "
                              "which need the same picture every time: move it to data.train_transforms");
    }
  }
  for (const auto& spec : pipeline_.train_transforms) {
    if (spec.info == nullptr) continue;
    parts_.transforms.train.push_back(made<Transform>(spec));
  }
  if (pipeline_.has_train_transforms && !pipeline_.learns()) {
    issue("/data/train_transforms",
          "only a trainable encoder sees them, and this one is frozen; remove them or set "
          "\"trainable\": true");
  }
  check_normalizations();
}

void ComponentMaker::check_normalizations() {
  for (const auto* list : {&parts_.transforms.plain, &parts_.transforms.train}) {
    try {
      normalization_of(*list);
    } catch (const Error& error) {
      issue(list == &parts_.transforms.plain ? "/data/transforms" : "/data/train_transforms", error.what());
    }
  }
  if (issues_.empty() && pipeline_.learns()) {
    const auto plain = normalization_of(parts_.transforms.plain),
               train = normalization_of(parts_.transforms.train);
    if (plain.mean != train.mean || plain.std != train.std) {
      issue("/data/train_transforms",
            "they normalise otherwise than data.transforms; end both lists with the same normalize");
    }
  }
}

void ComponentMaker::make_metrics() {
  std::set<std::string> names;
  bool all_metrics = true;
  for (const auto& spec : pipeline_.metrics) {
    all_metrics = all_metrics && spec.info != nullptr;
    if (spec.info == nullptr) continue;
    parts_.metrics.push_back(made<Metric>(spec));
    if (!names.insert(parts_.metrics.back()->name()).second) {
      issue(spec.pointer, "two metrics are called " + parts_.metrics.back()->name());
    }
  }
  const auto& monitor = pipeline_.training.early_stopping.monitor;
  if (all_metrics && is_of_validation(monitor) && monitor != kValidationLoss &&
      !names.count(validation_value(monitor))) {
    std::string known = kValidationLoss;
    for (const auto& name : names) known += ", " + monitored_metric(name);
    issue("/train/early_stopping/monitor", "nothing is called " + monitor + "; there are: " + known);
  }
}

void ComponentMaker::make_samplers() {
  if (pipeline_.eval_sampler.info != nullptr) {
    parts_.eval_sampler = made<EvalSampler>(pipeline_.eval_sampler);
  }
  if (pipeline_.training.batch_sampler.info != nullptr) {
    parts_.batch_sampler = made<BatchSampler>(pipeline_.training.batch_sampler);
  }
}

}  // namespace

Components make_components(const Catalog& catalog, const Pipeline& pipeline) {
  return ComponentMaker(catalog, pipeline).all();
}

}  // namespace kindred::host
