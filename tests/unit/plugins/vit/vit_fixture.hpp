#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "vit_folder.hpp"

namespace kindred::testing {

/// The largest difference of tokens (2, T, W) from what summary() of make_golden.py says of them.
inline double difference_of_tokens(const at::Tensor& tokens, const nlohmann::json& summary) {
  const auto x = tokens.to(at::kDouble);
  const auto places = at::arange(x.size(2), at::kLong);
  const auto fixed = (at::remainder(places * 37, 101) - 50).to(at::kDouble) / 50;
  return std::max(difference(at::matmul(x, fixed), tensor_of(summary.at("products"), {2, -1})),
                  difference(x.mean(1), tensor_of(summary.at("means"), {2, -1})));
}

/// The largest differences from a golden result.
struct Differences {
  double tokens = 0, embedding = 0;
};

/// `network` has run_stages() as Encoder has it; `tokens_end` of its `stages` stages gave the golden tokens.
template <class Network>
Differences differences_from(Network& network, const nlohmann::json& result, int64_t tokens_end,
                             int64_t stages) {
  const auto height = result.at("height").get<int64_t>(), width = result.at("width").get<int64_t>();
  const auto input = golden_pictures(height, width).data;
  auto tokens = network.run_stages(input, 0, tokens_end);
  const auto embedding = network.run_stages(tokens, tokens_end, stages);
  const auto expected = result.at("tokens").at("products").size() / 2;
  tokens = tokens.slice(1, 0, static_cast<int64_t>(expected));  // with rotary positions one row says the grid
  return {difference_of_tokens(tokens, result.at("tokens")),
          difference(embedding, tensor_of(result.at("embedding"), {2, -1}))};
}

inline std::shared_ptr<Encoder> vit_from(nlohmann::json params, Site site = {}) {
  return make<Encoder>("vit", "kindred.vit", params, site);
}
inline std::shared_ptr<Encoder> vit(const VitFolder& folder,
                                    nlohmann::json params = nlohmann::json::object()) {
  params["folder"] = folder.path();
  return vit_from(params);
}

/// The tiny networks of golden_folders.json.
class VitTest : public ::testing::Test {
 protected:
  at::NoGradGuard no_grad_;
  nlohmann::json golden_ = vit_golden("golden_folders.json");
};

}  // namespace kindred::testing
