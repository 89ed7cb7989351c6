#include "host/run/refined_measure.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
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

/// The median times of a search in microseconds, by `plain` and by `refined` rows. `queries` int64 (Q) are
/// rows of `embeddings`. Both are asked in turn, so that what else the machine does falls upon both.
std::pair<double, double> search_times(const RefinedRows& plain, const RefinedRows& refined,
                                       const at::Tensor& embeddings, const at::Tensor& queries,
                                       const at::Tensor& candidates) {
  std::vector<double> plain_times, refined_times;
  const int64_t step = std::max<int64_t>(queries.numel() / kTimedQueries, 1);
  for (int64_t i = 0; i < queries.numel(); i += step) {
    const auto one = queries.slice(0, i, i + 1);
    const auto query = rows_at(embeddings, one);
    const double start = now_seconds();
    plain.search(query, kTimedNeighbours, {candidates, one});
    const double middle = now_seconds();
    refined.search(query, kTimedNeighbours, {candidates, one});
    plain_times.push_back(1e6 * (middle - start));
    refined_times.push_back(1e6 * (now_seconds() - middle));
  }
  return {median(std::move(plain_times)), median(std::move(refined_times))};
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
  const auto [plain_time, refined_time] =
      search_times(plain, refined, embeddings, query_rows(task), task.candidates);
  out.costs = {{"refinements", refinements_json(refinements)},
               {"text", refinements_text(refinements)},
               {"distance", distance},
               {"bytes_per_item", {{"tuned", plain.bytes_per_row()}, {"refined", refined.bytes_per_row()}}},
               {"microseconds_per_query", {{"tuned", plain_time}, {"refined", refined_time}}}};
  return out;
}

}  // namespace kindred::host
