#include "host/evaluation/measure.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "host/options/views.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

RetrievalTask measured_task(const Dataset& dataset, const std::vector<SampleIndex>& rows,
                            EvalSampler* sampler, const MeasureOptions& options) {
  return retrieval_task(dataset, rows, sampler, options.seed,
                        options.pair_candidates == PairCandidates::all_objects);
}

json Measured::values() const {
  json out = json::object();
  for (const auto& one : metrics) out[one.name] = number_or_null(one.mean);
  return out;
}

json Measured::details() const {
  json out = json::object();
  for (const auto& one : metrics) {
    out[one.name] = {{"mean", number_or_null(one.mean)},
                     {"macro", number_or_null(one.macro)},
                     {"pooled", number_or_null(one.pooled)},
                     {"interval_95", {number_or_null(one.interval_low), number_or_null(one.interval_high)}},
                     {"higher_is_better", one.higher_is_better},
                     {"views", views},
                     {"queries", one.queries},
                     {"singletons", one.singletons},
                     {"groups", one.by_class.size()}};
  }
  return out;
}

Measured measure(const at::Tensor& embeddings, const RetrievalTask& task,
                 const std::vector<std::shared_ptr<Metric>>& metrics, const MeasureOptions& options,
                 Context& context, const std::function<RowScores(Distance)>& scorer, Communicator* group) {
  const EvaluationOptions how{options.seed, options.bootstrap_samples, options.tile_bytes(), scorer, group};
  Measured out;
  for (const auto view : options.test_views) out.views.push_back(view_name(view));
  if (task.pairs.defined()) out.unit = "group";
  out.metrics = evaluate_metrics(embeddings, task, metrics, how);
  for (const auto& one : out.metrics) {
    if (std::isfinite(one.mean)) continue;
    context.warning(
        fmt::format("{} is undefined: {}", one.name,
                    one.by_class.empty() && one.queries > 0
                        ? "the test samples do not have what it needs, such as pairs or several classes"
                        : "no query has a relevant candidate"));
  }
  return out;
}

void check_finite(const at::Tensor& embeddings, const Dataset& dataset,
                  const std::vector<SampleIndex>& samples) {
  if (embeddings.numel() == 0) return;
  const auto bad = embeddings.isfinite().all(1).logical_not().nonzero();
  if (bad.size(0) == 0) return;
  const auto first = static_cast<size_t>(bad[0].item<int64_t>());
  throw Error(fmt::format(
      "the embedding of {} has a number that is not finite, and {} of {} samples have such ones; look at the "
      "sample and at the encoder's weights",
      dataset.sample_name(to_int(samples.at(first))), bad.size(0), embeddings.size(0)));
}

}  // namespace kindred::host
