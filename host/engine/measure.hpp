#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/engine/evaluation.hpp"
#include "host/pipeline/pipeline.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

struct Measured {
  nlohmann::json values = nlohmann::json::object();  ///< name -> mean over queries, null when undefined
  nlohmann::json details =
      nlohmann::json::object();  ///< name -> mean, macro, pooled, interval_95, queries, singletons
  std::map<std::string, std::map<int64_t, double>> by_class;  ///< name -> label -> mean over its queries
};

/// {"base": {metric: {class: mean}}, "tuned": ...}; classes by name where the dataset knows it, else by
/// label.
nlohmann::json per_class_table(const Measured& base, const Measured& tuned, const Dataset& dataset);

/// The task of measuring the dataset's samples `rows` as the pipeline says; `sampler` null: all queries.
RetrievalTask measured_task(const Dataset& dataset, const std::vector<int64_t>& rows, EvalSampler* sampler,
                            const Pipeline& pipeline);

/// All metrics of `embeddings` float32 (N, D).
Measured measure(const at::Tensor& embeddings, const RetrievalTask& task,
                 const std::vector<std::shared_ptr<Metric>>& metrics, const Pipeline& pipeline);

/// Throws Error that names the first sample whose embedding has a number that is not finite: such rows
/// cannot be ranked. `embeddings` (N, D) of `samples`.
void check_finite(const at::Tensor& embeddings, const Dataset& dataset, const std::vector<int64_t>& samples);

/// Base and tuned side by side with their ratio, for people.
std::string metrics_table(const nlohmann::json& metrics);

}  // namespace kindred::host
