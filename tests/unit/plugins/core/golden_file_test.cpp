#include <gtest/gtest.h>

#include <algorithm>

#include "golden_entries.hpp"
#include "golden_file.hpp"

namespace kindred {
namespace {

bool is_computed_loss(const std::string& name) {
  const auto& all = testing::golden_losses();
  const auto pattern = testing::GoldenName(name).pattern;
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.pattern == pattern; });
}

bool is_computed_metric(const std::string& name) {
  const auto& all = testing::golden_metrics();
  return std::find(all.begin(), all.end(), name) != all.end();
}

// A value that is silently left out would pass for one that is right.
TEST(GoldenFile, holds_nothing_that_is_not_compared) {
  KINDRED_GOLDEN_LOSSES_OR_SKIP(golden);
  const auto losses = testing::object_at(golden, "losses"), metrics = testing::object_at(golden, "metrics"),
             of_cosine = testing::object_at(metrics, "cosine");
  EXPECT_GT(losses.size() + of_cosine.size(), 0U) << testing::golden_losses_file() << " expects nothing";
  for (const auto& loss : losses.items()) {
    EXPECT_TRUE(is_computed_loss(loss.key())) << "no test computes the loss " << loss.key();
    for (const auto& figure : loss.value().items()) {
      EXPECT_TRUE(figure.key() == "loss" || figure.key() == "grad")
          << "no test compares " << figure.key() << " of " << loss.key();
    }
  }
  for (const auto& member : metrics.items()) {
    EXPECT_TRUE(member.key() == "cosine" || !member.value().is_object())
        << "no test computes metrics of " << member.key();
  }
  for (const auto& metric : of_cosine.items()) {
    EXPECT_TRUE(is_computed_metric(metric.key())) << "no test computes the metric " << metric.key();
  }
  for (const auto& member : golden.items()) {
    const bool known = member.key() == "losses" || member.key() == "metrics";
    EXPECT_TRUE(known || !member.value().is_object()) << "no test reads " << member.key();
  }
}

}  // namespace
}  // namespace kindred
