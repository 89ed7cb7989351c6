#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/evaluation/evaluation.hpp"
#include "host/options/evaluation_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

struct Measured {
  nlohmann::json values = nlohmann::json::object();  ///< name -> mean over queries, null when undefined
  nlohmann::json details =
      nlohmann::json::object();  ///< name -> mean, macro, pooled, interval_95, queries, singletons
  std::map<std::string, std::map<int64_t, double>> by_class;  ///< name -> label -> mean over its queries
};

/// The task of measuring the dataset's samples `rows` as the options say; `sampler` null: all queries.
RetrievalTask measured_task(const Dataset& dataset, const std::vector<int64_t>& rows, EvalSampler* sampler,
                            const MeasureOptions& options);

/// All metrics of `embeddings` float32 (N, D). A metric that is undefined is a warning.
Measured measure(const at::Tensor& embeddings, const RetrievalTask& task,
                 const std::vector<std::shared_ptr<Metric>>& metrics, const MeasureOptions& options,
                 Context& context);

/// Throws Error that names the first sample whose embedding has a number that is not finite: such rows
/// cannot be ranked. `embeddings` (N, D) of `samples`.
void check_finite(const at::Tensor& embeddings, const Dataset& dataset, const std::vector<int64_t>& samples);

}  // namespace kindred::host
