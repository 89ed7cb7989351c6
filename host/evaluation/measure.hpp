#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/base/index_types.hpp"
#include "host/evaluation/evaluation.hpp"
#include "host/options/evaluation_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Returns the number as JSON, which has none that are not finite: null for those.
nlohmann::json number_or_null(double value);

/// What all metrics gave for one set of embeddings.
struct Measured {
  std::vector<MetricValue> metrics;
  std::vector<std::string> views;  ///< the names of those whose embeddings were averaged
  /// What intervals draw: a "class", or of pairs a "group" of objects that hang together.
  std::string unit = "class";

  /// {name: mean over queries}. A value that is undefined is null, here and below.
  nlohmann::json values() const;
  /// {name: {mean, macro, pooled, interval_95, higher_is_better, views, queries, singletons, groups}}.
  nlohmann::json details() const;
};

/// The task of measuring the dataset's samples `rows` as the options say; where `sampler` is null, nothing is
/// drawn among the queries.
RetrievalTask measured_task(const Dataset& dataset, const std::vector<SampleIndex>& rows,
                            EvalSampler* sampler, const MeasureOptions& options);

/// Evaluates all metrics of `embeddings` float32 (N, D). A metric that is undefined is a warning. `scorer`
/// and `group`: of EvaluationOptions.
Measured measure(const at::Tensor& embeddings, const RetrievalTask& task,
                 const std::vector<std::shared_ptr<Metric>>& metrics, const MeasureOptions& options,
                 Context& context, const std::function<RowScores(Distance)>& scorer = {},
                 Communicator* group = nullptr);

/// Throws Error that names the first sample whose embedding has a number that is not finite: such rows
/// cannot be ranked. `embeddings` (N, D) are those of `samples`.
void check_finite(const at::Tensor& embeddings, const Dataset& dataset,
                  const std::vector<SampleIndex>& samples);

}  // namespace kindred::host
