#include "host/run/refined_measure.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <utility>

#include "host/base/clock.hpp"
#include "host/model/search_traits.hpp"
#include "host/refinement/refined_rows.hpp"
#include "host/refinement/row_transform.hpp"
#include "host/run/measure_run.hpp"
#include "host/run/run_result.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kTimedQueries = 64, kTimedNeighbours = 10;

at::Tensor rows_at(const at::Tensor& embeddings, const at::Tensor& numbers) {
  return embeddings.index_select(0, numbers.to(embeddings.device()));
}

/// The median time of a search, in microseconds. `queries` int64 (Q) are rows of `embeddings`.
double search_time(const RefinedRows& rows, const at::Tensor& embeddings, const at::Tensor& queries,
                   const at::Tensor& candidates) {
  std::vector<double> seconds;
  const int64_t step = std::max<int64_t>(queries.numel() / kTimedQueries, 1);
  for (int64_t i = 0; i < queries.numel(); i += step) {
    const auto one = queries.slice(0, i, i + 1);
    const auto query = rows_at(embeddings, one);
    const double start = now_seconds();
    rows.search(query, kTimedNeighbours, {candidates, one});
    seconds.push_back(now_seconds() - start);
  }
  return 1e6 * median(std::move(seconds));
}

}  // namespace

RefinedMeasure measure_refined(const at::Tensor& embeddings, const at::Tensor& training,
                               const RetrievalTask& task, const std::vector<std::shared_ptr<Metric>>& metrics,
                               const Refinements& refinements, const MeasureOptions& options,
                               Context& context) {
  at::NoGradGuard no_grad;
  const auto distance = measured_distance(metrics);
  const bool unit_length = distance == "cosine" || have_unit_length(embeddings);
  const auto transform = learn_row_transform(refinements, training, unit_length);
  const auto scorer = [&](Distance ordered_by) -> RowScores {
    const auto rows = std::make_shared<RefinedRows>(ordered_by, embeddings, refinements, transform);
    return [&, rows](const at::Tensor& queries) {
      return rows->scores(rows_at(embeddings, queries), {task.candidates, queries});
    };
  };
  RefinedMeasure out;
  out.values = measure(transform.apply(embeddings), task, metrics, options, context, scorer);

  const RefinedRows plain(distance_from_name(distance), embeddings, {});
  const RefinedRows refined(distance_from_name(distance), embeddings, refinements, transform);
  const auto queries = query_rows(task);
  out.costs = {{"refinements", refinements_json(refinements)},
               {"text", refinements_text(refinements)},
               {"distance", distance},
               {"bytes_per_item", {{"tuned", plain.bytes_per_row()}, {"refined", refined.bytes_per_row()}}},
               {"microseconds_per_query",
                {{"tuned", search_time(plain, embeddings, queries, task.candidates)},
                 {"refined", search_time(refined, embeddings, queries, task.candidates)}}}};
  return out;
}

}  // namespace kindred::host
