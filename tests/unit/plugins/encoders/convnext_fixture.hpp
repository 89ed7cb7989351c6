#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "network_folder.hpp"

namespace kindred::testing {

/// The networks of golden_convnext.json, which make_convnext_golden.py wrote.
class ConvNextTest : public ::testing::Test {
 protected:
  const nlohmann::json& narrow(const std::string& name) const {
    for (const auto& one : golden_.at("narrow")) {
      if (one.at("name") == name) return one;
    }
    throw std::runtime_error("golden_convnext.json has no network " + name);
  }
  static std::shared_ptr<Encoder> made(const nlohmann::json& params, uint64_t seed = 0) {
    Site site;
    site.seed = seed;
    return make<Encoder>("encoders", "kindred.convnext", params, site);
  }
  static std::shared_ptr<Encoder> made(const NetworkFolder& folder,
                                       nlohmann::json params = nlohmann::json::object()) {
    params["folder"] = folder.path();
    return made(params);
  }

  at::NoGradGuard no_grad_;
  nlohmann::json golden_ = nlohmann::json::parse(
      std::ifstream(std::string(KINDRED_TEST_SOURCE) + "/tests/unit/plugins/encoders/golden_convnext.json"));
};

}  // namespace kindred::testing
