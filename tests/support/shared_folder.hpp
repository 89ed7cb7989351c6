#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// Real photographs, weights and golden values live outside the repository; tests that need them skip
/// themselves where they are absent.
namespace kindred::testing {

inline std::string shared_path(const std::string& relative) {
  const char* given = std::getenv("KINDRED_SHARED");
  const std::string root = given ? given : std::string(KINDRED_TEST_SOURCE) + "/../shared";
  return (std::filesystem::path(root) / relative).lexically_normal().string();
}

}  // namespace kindred::testing

/// Declares `path` or skips the test, saying what is missing.
#define KINDRED_SHARED_OR_SKIP(path, relative)                        \
  const std::string path = ::kindred::testing::shared_path(relative); \
  if (!std::filesystem::exists(path))                                 \
  GTEST_SKIP() << path << " is absent; set KINDRED_SHARED to the folder that holds it"
