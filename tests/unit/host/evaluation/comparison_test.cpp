#include "host/evaluation/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

/// Twenty classes of five queries, whose values differ from class to class; `shift` is added to all, and
/// `tilt` to every second class and taken from the others.
Measured measured(double shift, double tilt, bool higher_is_better = true) {
  MetricValue value{};
  value.name = "hits";
  value.higher_is_better = higher_is_better;
  for (int64_t label = 0; label < 20; ++label) {
    value.by_class[label] = 0.2 + 0.02 * static_cast<double>(label) + shift + (label % 2 == 0 ? tilt : -tilt);
    value.class_queries[label] = 5;
    value.mean += value.by_class[label] / 20;
  }
  Measured out;
  out.metrics = {value};
  return out;
}

Comparison compared(const Measured& base, const Measured& tuned) {
  return compare(base, tuned, MeasureOptions()).at(0);
}

TEST(Comparison, says_better_worse_or_not_to_be_told_apart) {
  const auto better = compared(measured(0, 0), measured(0.1, 0.01));
  EXPECT_EQ(better.verdict, Verdict::better);
  EXPECT_TRUE(better.is_ahead());
  EXPECT_THAT(better.sentence,
              HasSubstr("hits: tuned is better than base (+0.1000, 95 % of redrawn test classes"));
  const auto worse = compared(measured(0, 0), measured(-0.1, 0.01));
  EXPECT_EQ(worse.verdict, Verdict::worse);
  EXPECT_FALSE(worse.is_ahead());
  EXPECT_THAT(worse.sentence, HasSubstr("tuned is worse than base (-0.1000"));
  const auto unclear = compared(measured(0, 0), measured(0.01, 0.2));
  EXPECT_EQ(unclear.verdict, Verdict::unclear);
  EXPECT_TRUE(unclear.is_ahead()) << "by its value alone";
  EXPECT_THAT(unclear.sentence, HasSubstr("not to be told apart (+0.0100"));
}

TEST(Comparison, of_what_is_better_when_smaller_a_fall_is_better) {
  const auto fell = compared(measured(0, 0, false), measured(-0.1, 0.01, false));
  EXPECT_EQ(fell.verdict, Verdict::better);
  EXPECT_TRUE(fell.is_ahead());
  EXPECT_THAT(fell.sentence, HasSubstr("lower is better"));
  const auto rose = compared(measured(0, 0, false), measured(0.1, 0.01, false));
  EXPECT_EQ(rose.verdict, Verdict::worse);
  EXPECT_FALSE(rose.is_ahead());
}

TEST(Comparison, without_an_interval_there_is_no_verdict) {
  auto base = measured(0, 0), tuned = measured(0.1, 0);
  for (auto* side : {&base, &tuned}) {
    side->metrics[0].by_class = {{3, 0.5}};
    side->metrics[0].class_queries = {{3, 8}};
  }
  const auto one_class = compared(base, tuned);
  EXPECT_EQ(one_class.verdict, Verdict::unknown);
  EXPECT_THAT(one_class.sentence, HasSubstr("of one test class no interval can be told"));
  const auto body = comparison_json({one_class});
  EXPECT_TRUE(body["hits"]["verdict"].is_null());
  EXPECT_EQ(body["hits"]["interval_95"], (nlohmann::json{nullptr, nullptr}));
}

TEST(Comparison, goes_into_the_result_with_its_numbers) {
  const auto body = comparison_json(compare(measured(0, 0), measured(0.1, 0.01), MeasureOptions()));
  EXPECT_NEAR(body["hits"]["difference"].get<double>(), 0.1, 1e-12);
  EXPECT_EQ(body["hits"]["verdict"], "better");
  EXPECT_EQ(body["hits"]["higher_is_better"], true);
  EXPECT_LT(body["hits"]["interval_95"][0], body["hits"]["interval_95"][1]);
  EXPECT_TRUE(comparison_json(compare({}, measured(0, 0), MeasureOptions())).empty())
      << "there is nothing to compare with";
}

}  // namespace
}  // namespace kindred::host
