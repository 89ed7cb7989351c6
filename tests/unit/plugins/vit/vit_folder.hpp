#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "network_folder.hpp"

namespace kindred::testing {

/// What make_golden.py wrote beside the tests.
inline nlohmann::json vit_golden(const std::string& name) {
  const auto path = std::string(KINDRED_TEST_SOURCE) + "/tests/unit/plugins/vit/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is absent");
  return nlohmann::json::parse(file);
}

using VitFolder = NetworkFolder;

inline const nlohmann::json& case_named(const nlohmann::json& golden, const std::string& name) {
  for (const auto& one : golden.at("cases")) {
    if (one.at("name") == name) return one;
  }
  throw std::runtime_error("golden_folders.json has no case " + name);
}

}  // namespace kindred::testing
