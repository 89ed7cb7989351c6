#pragma once

#include <ATen/core/Tensor.h>

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
  nlohmann::json by_class =
      nlohmann::json::object();  ///< name -> label -> mean over the queries of the class
};

/// `by_class` with the names of the classes in place of their labels, where the dataset knows them.
nlohmann::json with_class_names(const nlohmann::json& by_class, const Dataset& dataset);

/// All metrics of `embeddings` float32 (N, D), `labels` int64 (N); `queries` int64 (Q), undefined: all.
Measured measure(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& queries,
                 const std::vector<std::shared_ptr<Metric>>& metrics, const Pipeline& pipeline);

/// Throws Error that names the first sample whose embedding has a number that is not finite: such rows
/// cannot be ranked. `embeddings` (N, D) of `samples`.
void check_finite(const at::Tensor& embeddings, const Dataset& dataset, const std::vector<int64_t>& samples);

/// Base and tuned side by side with their ratio, for people.
std::string metrics_table(const nlohmann::json& metrics);

}  // namespace kindred::host
