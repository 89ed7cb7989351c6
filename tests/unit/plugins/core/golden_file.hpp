#pragma once

#include <ATen/ATen.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "shared_folder.hpp"

/// Values computed by pytorch-metric-learning in float64.
namespace kindred::testing {

inline std::string golden_losses_file() {
  const char* given = std::getenv("KINDRED_GOLDEN_LOSSES");
  return given != nullptr ? given : shared_path("golden/pml_losses.json");
}

/// A discarded value where the file is absent.
inline nlohmann::json read_golden_losses() {
  std::ifstream file(golden_losses_file());
  return file ? nlohmann::json::parse(file) : nlohmann::json(nlohmann::json::value_t::discarded);
}

/// float64 (rows, columns).
inline at::Tensor matrix_of(const nlohmann::json& rows) {
  std::vector<double> values;
  for (const auto& row : rows) {
    for (const auto& value : row) values.push_back(value.get<double>());
  }
  const auto count = static_cast<int64_t>(rows.size());
  return at::tensor(values, at::kDouble).reshape({count, -1});
}

inline at::Tensor labels_of(const nlohmann::json& labels) {
  return at::tensor(labels.get<std::vector<int64_t>>(), at::kLong);
}

}  // namespace kindred::testing
