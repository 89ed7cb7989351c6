#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "component.hpp"
#include "filled_tensors.hpp"
#include "golden.hpp"
#include "kindred/encoder.hpp"
#include "text_batch.hpp"
#include "tiny_folder.hpp"

namespace kindred::testing {

inline std::shared_ptr<Encoder> bert(const std::string& folder,
                                     nlohmann::json params = nlohmann::json::object(), Site site = {}) {
  params["folder"] = folder;
  return make<Encoder>("text", "kindred.bert", params, site);
}

inline std::vector<std::string> sentences_of(const nlohmann::json& golden) {
  return golden.at("sentences").get<std::vector<std::string>>();
}

inline at::Tensor rows_of(const nlohmann::json& rows) {
  std::vector<at::Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(at::tensor(row.get<std::vector<double>>(), at::kDouble));
  return at::stack(tensors);
}

/// The tiny networks of golden_tiny.json.
class BertTest : public ::testing::Test {
 protected:
  at::NoGradGuard no_grad_;
  nlohmann::json golden_ = golden("golden_tiny.json");
  std::vector<std::string> sentences_ = sentences_of(golden_);
};

}  // namespace kindred::testing
