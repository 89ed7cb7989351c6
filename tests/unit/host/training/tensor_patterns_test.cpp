#include "host/training/tensor_patterns.hpp"

#include <gtest/gtest.h>

#include "host/base/issue.hpp"

namespace kindred::host {
namespace {

TEST(TensorPatterns, a_star_stands_for_anything) {
  const struct {
    const char *pattern, *name;
    bool matches;
  } cases[] = {{"head.0.weight", "head.0.weight", true},
               {"head.0.weight", "head.0.weights", false},
               {"head.*", "head.0.weight", true},
               {"head.*", "head.", true},
               {"*.bias", "encoder.layer1.0.bias", true},
               {"*.bias", "encoder.bias.weight", false},
               {"*", "anything", true},
               {"e*r.*1*.w", "encoder.layer1.0.w", true},
               {"a*b*c", "abcbc", true},
               {"a*b*c", "abcb", false},
               {"", "", true},
               {"", "x", false},
               {"**", "x", true}};
  for (const auto& one : cases) {
    EXPECT_EQ(matches_pattern(one.pattern, one.name), one.matches) << one.pattern << " " << one.name;
  }
}

TEST(TensorPatterns, factors_are_multiplied_and_freezing_has_first_and_last_epochs) {
  TrainingOptions options;
  options.lr_factors = {{"head.*", 2}, {"*.bias", 0.5}, {"loss.*", 9}};
  EXPECT_EQ(lr_factor(options, "head.0.bias"), 1);
  EXPECT_EQ(lr_factor(options, "head.0.weight"), 2);
  EXPECT_EQ(lr_factor(options, "encoder.weight"), 1);
  options.freeze = {{"encoder.*", 2, 3}, {"head.*", 5, 0}};
  const auto frozen = [&](const char* name) {
    std::string epochs;
    for (int64_t epoch = 0; epoch < 7; ++epoch) epochs += is_frozen(options, name, epoch) ? 'x' : '.';
    return epochs;
  };
  EXPECT_EQ(frozen("encoder.w"), ".xx....");
  EXPECT_EQ(frozen("head.w"), "....xxx");
  EXPECT_EQ(frozen("loss.w"), ".......");
}

TEST(TensorPatterns, one_that_matches_nothing_is_a_mistake) {
  TrainingOptions options;
  options.lr_factors = {{"haed.*", 2}, {"head.*", 2}};
  options.freeze = {{"encoder.*", 1, 0}};
  try {
    check_patterns(options, {"head.0.weight"});
    FAIL();
  } catch (const PipelineError& error) {
    ASSERT_EQ(error.issues().size(), 2U);
    EXPECT_EQ(error.issues()[0].pointer, "/train/optimizer/lr_factors/haed.*");
    EXPECT_NE(error.issues()[0].message.find("there are 1, such as head.0.weight"), std::string::npos);
    EXPECT_EQ(error.issues()[1].pointer, "/train/freeze/0/tensors");
  }
}

}  // namespace
}  // namespace kindred::host
