#include "host/report/tables.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

TEST(MetricsTable, puts_what_is_known_of_the_figures_below_them) {
  const auto result = nlohmann::json::parse(R"({
    "metrics": {"base": {"mean_rank": 4, "r_precision": 0.25}, "tuned": {"mean_rank": 3, "r_precision": 0.5}},
    "comparison": {"mean_rank": {"higher_is_better": false, "sentence": "mean_rank: better."},
                   "r_precision": {"higher_is_better": true, "sentence": "r_precision: better."}},
    "warnings": ["b.so was not loaded", "skipped a.jpg: cut off", "the test side has 2 classes only"]})");
  EXPECT_EQ(metrics_table(result, {"b.so was not loaded"}),
            "unseen classes                   base    tuned    ratio\n"
            "mean_rank (lower is better)    4.0000   3.0000    0.75x\n"
            "r_precision                    0.2500   0.5000    2.00x\n"
            "mean_rank: better.\n"
            "r_precision: better.\n"
            "warning: the test side has 2 classes only\n");
}

TEST(MetricsTable, needs_the_metrics_alone) {
  const auto result = nlohmann::json::parse(R"({"metrics": {"base": {}, "tuned": {"nmi": null}}})");
  EXPECT_EQ(metrics_table(result),
            "unseen classes                   base    tuned    ratio\n"
            "nmi                                 -        -        -\n");
}

}  // namespace
}  // namespace kindred::host
