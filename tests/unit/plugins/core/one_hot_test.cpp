#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "temporary_folder.hpp"
#include "text_batch.hpp"

namespace kindred {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::text_batch;
using testing::thrown;

std::shared_ptr<Encoder> one_hot(const nlohmann::json& values) {
  return testing::make<Encoder>("core", "kindred.one_hot", {{"values", values}});
}

TEST(OneHot, marks_the_place_of_a_text) {
  const auto encoder = one_hot({"red", "", "gr\u00fcn"});
  EXPECT_EQ(encoder->object_kind(), ObjectKind::text);
  EXPECT_EQ(encoder->dimension(), 3);
  const auto out = encoder->encode(text_batch({"gr\u00fcn", "red", "", "red"}));
  EXPECT_EQ(out.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(out, at::tensor({0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0}, at::kFloat).view({4, 3})));
}

TEST(OneHot, names_a_text_that_it_does_not_know) {
  const auto encoder = one_hot({"red", "blue"});
  EXPECT_THAT(thrown([&] {
                encoder->encode(text_batch({"red", "Red"}));
              }),
              AllOf(HasSubstr("the text \"Red\""), HasSubstr("expected \"red\", \"blue\"")));
  nlohmann::json many;
  for (int i = 0; i < 30; ++i) many.push_back(std::to_string(i));
  EXPECT_THAT(thrown([&] { one_hot(many)->encode(text_batch({"x"})); }), HasSubstr("\"19\" and 10 more"));
}

TEST(OneHot, refuses_lists_that_are_none) {
  EXPECT_THAT(thrown([] { one_hot(nlohmann::json::array()); }), HasSubstr("\"values\" is empty"));
  EXPECT_THAT(thrown([] { one_hot({"a", "b", "a"}); }), HasSubstr("has \"a\" twice"));
}

}  // namespace
}  // namespace kindred
