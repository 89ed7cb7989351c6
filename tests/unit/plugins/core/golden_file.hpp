#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "shared_folder.hpp"

/// Values computed by pytorch-metric-learning in float64, on data that the same file holds.
namespace kindred::testing {

/// KINDRED_GOLDEN_LOSSES, or the file among the shared ones.
inline std::string golden_losses_file() {
  const char* given = std::getenv("KINDRED_GOLDEN_LOSSES");
  return given != nullptr ? given : shared_path("golden/pml_losses.json");
}

/// A null where the shared file is absent. Throws std::runtime_error where KINDRED_GOLDEN_LOSSES names a file
/// that cannot be opened: who chooses a file wants it read.
inline nlohmann::json read_golden_losses() {
  const auto path = golden_losses_file();
  std::ifstream file(path);
  if (file) return nlohmann::json::parse(file);
  if (std::getenv("KINDRED_GOLDEN_LOSSES") != nullptr)
    throw std::runtime_error("KINDRED_GOLDEN_LOSSES: cannot open " + path);
  return nullptr;
}

/// The member, or an empty object.
inline nlohmann::json object_at(const nlohmann::json& of, const std::string& key) {
  return of.value(key, nlohmann::json::object());
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

/// KINDRED_TEST_DEVICE, "cuda" say, or the CPU: where golden losses and metrics are computed.
inline at::Device test_device() {
  const char* given = std::getenv("KINDRED_TEST_DEVICE");
  return at::Device(given != nullptr ? given : "cpu");
}

/// How far a number may be from a golden one: a share of it. In float32 another half of the spacing of
/// numbers at one is allowed, which only values below 0.006 feel: a loss such as one minus an average
/// precision is a difference of numbers near one.
inline double tolerance(double golden, at::ScalarType dtype) {
  return dtype == at::kDouble ? 1e-9 * std::abs(golden) + 1e-15 : 1e-5 * std::abs(golden) + 6e-8;
}

}  // namespace kindred::testing

/// Declares `golden` or skips the test, saying what is missing.
#define KINDRED_GOLDEN_LOSSES_OR_SKIP(golden)                   \
  const auto golden = ::kindred::testing::read_golden_losses(); \
  if (golden.is_null())                                         \
  GTEST_SKIP() << ::kindred::testing::golden_losses_file()      \
               << " is absent; set KINDRED_SHARED or KINDRED_GOLDEN_LOSSES"
