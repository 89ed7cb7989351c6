#include "host/run/measure_run.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/base/clock.hpp"
#include "host/data/views.hpp"
#include "host/evaluation/comparison.hpp"
#include "host/evaluation/relevance.hpp"
#include "host/model/search_traits.hpp"
#include "host/report/measured_files.hpp"
#include "host/report/retrieval_shown.hpp"
#include "host/report/tables.hpp"
#include "host/run/doubts.hpp"
#include "host/run/run_folder.hpp"
#include "host/run/tracked_embeddings.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr size_t kSeenRows = 64;  // what a model divides by lengths it divides always

/// Embeddings of samples as they are. `tuned` is the mean over views, and a mean of rows of length 1 is
/// shorter.
at::Tensor some_plain_embeddings(RunMaterial& material, const Pipeline& pipeline, const at::Tensor& tuned) {
  at::NoGradGuard no_grad;
  if (pipeline.evaluation.test_views == std::vector<int64_t>{kPlainView}) return tuned;
  auto some = material.split.test;
  some.resize(std::min(some.size(), kSeenRows));
  return material.model.apply_heads(material.data->embed(some, kPlainView));
}

}  // namespace

std::string measured_distance(const std::vector<std::shared_ptr<Metric>>& metrics) {
  for (const auto& one : metrics) {
    if (!one->is_of_set()) return one->distance();
  }
  return metrics.empty() ? "cosine" : metrics.front()->distance();
}

at::Tensor test_embeddings(RunMaterial& material, const Pipeline& pipeline, bool with_heads) {
  at::NoGradGuard no_grad;
  return mean_over_views(pipeline.evaluation.test_views, [&](int64_t view) {
    auto embeddings = material.data->embed(material.split.test, view);
    embeddings = with_heads ? material.model.apply_heads(embeddings) : material.model.base(embeddings);
    check_finite(embeddings, *material.dataset, material.split.test);
    return embeddings;
  });
}

void measure_as_other(RunMaterial& material, const Pipeline& pipeline, const at::Tensor& base,
                      Communicator& communicator) {
  material.keep_readable();
  const auto& components = material.components;
  const auto task = measured_task(*material.dataset, material.split.test, components.eval_sampler.get(),
                                  pipeline.evaluation);
  Context silent;
  const auto take_part = [&](const at::Tensor& embeddings) {
    measure(embeddings, task, components.metrics, pipeline.evaluation, silent, {}, &communicator);
  };
  if (pipeline.evaluation.baseline) take_part(base);
  const auto tuned = test_embeddings(material, pipeline, true);
  take_part(tuned);
  some_plain_embeddings(material, pipeline, tuned);
}

void measure_both(RunMaterial& material, const Pipeline& pipeline, const at::Tensor& base,
                  const std::string& folder, RunResult& result, Trackers& trackers,
                  Communicator& communicator, Context& context) {
  const double start = now_seconds();
  material.keep_readable();  // what a learning encoder could not read is known since training
  const auto& dataset = *material.dataset;
  const auto& components = material.components;
  const auto task =
      measured_task(dataset, material.split.test, components.eval_sampler.get(), pipeline.evaluation);
  result.measured("base", {});
  result.measured("tuned", {});
  const auto measured = [&](const char* side, const at::Tensor& embeddings) {
    auto values =
        measure(embeddings, task, components.metrics, pipeline.evaluation, context, {}, &communicator);
    result.measured(side, values);
    return values;
  };
  const auto base_values = pipeline.evaluation.baseline ? measured("base", base) : Measured{};
  const auto tuned = test_embeddings(material, pipeline, true);
  if (tuned.size(0) != base.size(0)) {
    throw Error(
        fmt::format("{} test samples could be read before training and {} behind it; are the files on a disk "
                    "that stays?",
                    base.size(0), tuned.size(0)));
  }
  const auto tuned_values = measured("tuned", tuned);
  if (pipeline.evaluation.baseline) {
    const auto compared = compare(base_values, tuned_values, pipeline.evaluation);
    result.compared(comparison_json(compared));
    const bool changed = !pipeline.heads.empty() || (pipeline.has_train && pipeline.training.epochs > 0);
    if (changed && tells_apart(task)) doubt_tuned(compared, context);
  }
  if (pipeline.evaluation.per_class) result.per_class(per_class_table(base_values, tuned_values, dataset));
  result.evaluated(now_seconds() - start);
  set_model_measures(folder, result.metrics(),
                     have_unit_length(some_plain_embeddings(material, pipeline, tuned)));
  const auto distance = distance_from_name(measured_distance(components.metrics));
  const RetrievalShown shown{dataset, material.split.test, task, base, tuned, pipeline.seed, distance};
  try {
    write_retrieval(folder, shown);
    write_measured_files(folder, shown, base_values, tuned_values);
    if (!trackers.empty()) trackers.embeddings(tracked_embeddings(shown));
  } catch (const std::exception& error) {  // what was measured stands all the same
    context.warning(
        fmt::format("what a person is shown of the test classes was not written: {}", error.what()));
  }
}

}  // namespace kindred::host
