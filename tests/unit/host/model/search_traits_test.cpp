#include "host/model/search_traits.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

TEST(SearchTraits, are_read_as_they_were_written) {
  for (const auto& traits :
       {SearchTraits{"euclidean", true}, SearchTraits{"dot", false}, SearchTraits{"cosine"}}) {
    const auto read = search_traits({{"search", search_json(traits)}});
    EXPECT_EQ(read.distance, traits.distance);
    EXPECT_EQ(read.unit_length, traits.unit_length);
    EXPECT_FALSE(read.is_assumed);
    EXPECT_EQ(assumption_text(read, "cars"), "");
  }
}

TEST(SearchTraits, a_model_of_before_is_taken_to_compare_by_the_cosine_and_that_is_said) {
  const auto traits = search_traits({{"name", "cars"}});
  EXPECT_EQ(traits.distance, "cosine");
  EXPECT_FALSE(traits.unit_length.has_value());
  EXPECT_THAT(assumption_text(traits, "cars"), HasSubstr("the model cars was saved by an earlier version"));
}

TEST(SearchTraits, what_is_no_such_object_is_refused) {
  for (const auto* text : {R"("cosine")", "{}", R"({"distance": 3})", R"({"distance": "cosinus"})", "[]",
                           R"({"distance": "cosine", "unit_length": 1})"}) {
    EXPECT_THROW(search_traits({{"search", json::parse(text)}}), Error) << text;
  }
}

TEST(SearchTraits, length_1_is_told_within_rounding) {
  const auto rows = at::eye(4) * 1.0004;
  EXPECT_TRUE(have_unit_length(rows));
  EXPECT_FALSE(have_unit_length(rows * 1.01));
  EXPECT_FALSE(have_unit_length(at::cat({rows, at::zeros({1, 4})})));
  EXPECT_FALSE(have_unit_length(at::empty({0, 4})));
}

}  // namespace
}  // namespace kindred::host
