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

TEST(RefinementTable, puts_what_is_won_beside_what_it_costs) {
  const auto result = nlohmann::json::parse(R"({
    "metrics": {"base": {}, "tuned": {"r_precision": 0.4, "nmi": null}, "refined": {"r_precision": 0.5, "nmi": null}},
    "refinement": {"text": "cut 64, alpha_qe:alpha=3.0,k=5", "bytes_per_item": {"tuned": 5120, "refined": 256},
                   "microseconds_per_query": {"tuned": 800.4, "refined": 400.2}}})");
  EXPECT_EQ(refinement_table(result),
            "\nwith cut 64, alpha_qe:alpha=3.0,k=5\n"
            "                                 tuned   refined    ratio\n"
            "nmi                                  -         -        -\n"
            "r_precision                     0.4000    0.5000    1.25x\n"
            "bytes per item                    5120       256    0.05x\n"
            "microseconds per query             800       400    0.50x\n");
  EXPECT_EQ(refinement_table(nlohmann::json::parse(R"({"metrics": {}})")), "");
}

}  // namespace
}  // namespace kindred::host
