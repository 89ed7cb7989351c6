#include "kindred/conformance.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "fixture_plugins.hpp"

namespace kindred::testing {
namespace {

nlohmann::json result_of(const nlohmann::json& results, const std::string& component,
                         const std::string& rule) {
  for (const auto& one : results) {
    if (one["component"] == component && one["rule"] == rule) return one;
  }
  return {};
}

TEST(ConformanceHeader, a_rule_that_is_kept_is_a_case_that_passes) {
  const auto results = conformance_results(fixture_file("good"));
  const auto one = result_of(results, "fixture.pull", "order_does_not_matter");
  ASSERT_EQ(one.value("status", ""), "passed") << results.dump(2);
  ConformanceCase(one).TestBody();
}

TEST(ConformanceHeader, a_broken_rule_is_a_failed_case_that_says_how) {
  static nlohmann::json one;
  one = result_of(conformance_results(fixture_file("second")), "second.push", "keeps_dtype_and_shape");
  ASSERT_EQ(one.value("status", ""), "failed");
  EXPECT_NONFATAL_FAILURE(ConformanceCase(one).TestBody(), "second.push");
}

TEST(ConformanceHeader, a_program_that_is_not_there_is_an_error) {
  EXPECT_THROW(conformance_results("a.kindred.so", {}, "/nowhere/kindred-check"), std::runtime_error);
}

}  // namespace
}  // namespace kindred::testing
