#include "host/run/doubts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "host/base/text.hpp"
#include "host/data/pair_lists.hpp"
#include "host/evaluation/measure.hpp"
#include "host/evaluation/relevance.hpp"
#include "host/options/monitor.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kFewValidationClasses = 3, kFewTestClasses = 5;  // fewer of them are warned of

/// Returns a whole number among the parameters of the batch sampler; 0 where it has none of this name.
int64_t asked_for(const Pipeline& pipeline, const char* name) {
  const auto& params = pipeline.training.batch_sampler.params;
  if (!params.is_object() || !params.contains(name) || !params[name].is_number_integer()) return 0;
  return params[name].get<int64_t>();
}

void doubt_batches(const Dataset& dataset, const ClassSplit& split, const Pipeline& pipeline,
                   Context& context) {
  const auto classes = count_groups(dataset.labels(), split.train);
  const auto wanted = asked_for(pipeline, "classes");
  if (wanted > classes) {
    context.warning(fmt::format(
        "train.batch_sampler asks for {} classes in a batch, and the training side has {}: every batch holds "
        "all of them and is smaller than it was meant to be; lower classes, or train on more classes",
        wanted, classes));
    return;
  }
  const auto pairs = pairs_within(dataset.pairs(), split.train);
  const auto count = pairs.defined() ? pairs.scores.numel() : static_cast<int64_t>(split.train.size());
  const auto size = std::max(asked_for(pipeline, "batch_size"), wanted * asked_for(pipeline, "samples"));
  if (size <= count) return;
  context.warning(
      fmt::format("train.batch_sampler asks for batches of {}, and the training side has {} {}: an epoch is "
                  "one step of all of them; take smaller batches, so that there are more steps",
                  size, count, pairs.defined() ? "pairs" : "samples"));
}

/// Tells classes of one sample, which are not counted, from the others.
const char* several_text(const Dataset& dataset, const std::vector<SampleIndex>& rows, int64_t counted) {
  return count_groups(dataset.labels(), rows) > counted ? " of more than one sample" : "";
}

}  // namespace

void doubt_training_side(const Dataset& dataset, const ClassSplit& split, const Pipeline& pipeline,
                         Context& context) {
  if (!pipeline.has_train || pipeline.training.epochs == 0) return;
  doubt_batches(dataset, split, pipeline, context);
  const auto& monitor = pipeline.training.early_stopping.monitor;
  if (split.validation.empty() || (!monitor.empty() && !is_of_validation(monitor))) return;
  const auto classes = count_groups_of_several(dataset.labels(), split.validation);
  if (classes >= kFewValidationClasses) return;
  // Of one class the trainer says more, since it then chooses no epoch.
  if (!tells_apart(measured_task(dataset, split.validation, nullptr, pipeline.evaluation))) return;
  context.warning(fmt::format(
      "validation is on {}{} only, so which epoch is best is mostly chance; hold out more "
      "(data.split.validation.fraction or min_classes), or train a fixed number of epochs without "
      "validation (\"none\")",
      classes == 1 ? "1 class" : fmt::format("{} classes", classes),
      several_text(dataset, split.validation, classes)));
}

bool doubt_test_side(const Dataset& dataset, const std::vector<SampleIndex>& test, const Pipeline& pipeline,
                     Context& context) {
  const auto task = measured_task(dataset, test, nullptr, pipeline.evaluation);
  if (!tells_apart(task)) {
    context.warning(
        "all test samples are of one class, so every order of them is right: the metrics are perfect "
        "whatever "
        "the model does, and say nothing; put more classes on the test side (data.split.train)");
    return false;
  }
  const auto classes = count_groups_of_several(dataset.labels(), test);
  if (classes >= kFewTestClasses || task.pairs.defined()) return true;
  context.warning(
      fmt::format("the test side has {} {}{} only, so the metrics say little about other classes, and their "
                  "intervals are too narrow; put more classes on the test side (data.split.train)",
                  classes, classes == 1 ? "class" : "classes", several_text(dataset, test, classes)));
  return true;
}

void doubt_best_epoch(const TrainReport& report, Context& context) {
  if (report.best_epoch != 1 || report.epochs < 2 || !report.tells_apart) return;
  context.warning(
      fmt::format("the best of {} epochs is the first, so training made {} worse from its first epoch on; "
                  "lower train.optimizer.lr, or validate on more classes",
                  report.epochs, report.monitor));
}

void doubt_tuned(const std::vector<Comparison>& all, Context& context) {
  std::vector<std::string> behind;
  for (const auto& one : all) {
    if (one.is_ahead() || !std::isfinite(one.base) || !std::isfinite(one.tuned)) continue;
    behind.push_back(fmt::format("{} {:.4f} against {:.4f}", one.metric, one.tuned, one.base));
  }
  if (behind.empty()) return;
  context.warning(
      fmt::format("the tuned model is not better than the encoders alone ({}): embed with the base, or train "
                  "otherwise, such as with a lower train.optimizer.lr, more classes, more epochs or another "
                  "loss",
                  joined(behind)));
}

}  // namespace kindred::host
