#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kindred/io/checkpoint.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(LoadNamedTensors, copies_by_name_and_converts) {
  const std::vector<NamedTensor> target = {{"a", at::zeros({2})}, {"b", at::zeros({1})}};
  load_named_tensors("weights", target,
                     {{"b", at::ones({1}, at::kDouble)}, {"a", at::full({2}, 3.0)}, {"c", at::ones({1})}},
                     nullptr, [](const std::string& name) { return name == "c"; });
  EXPECT_TRUE(at::equal(target[0].tensor, at::full({2}, 3.0f)));
  EXPECT_TRUE(at::equal(target[1].tensor, at::ones({1})));
}

TEST(LoadNamedTensors, lists_everything_that_does_not_fit_and_changes_nothing) {
  const std::vector<NamedTensor> target = {
      {"a", at::zeros({2})}, {"b", at::zeros({1})}, {"d", at::zeros({1})}};
  const auto message = testing::thrown([&] {
    load_named_tensors("weights in x.pth", target,
                       {{"a", at::ones({3})}, {"d", at::ones({1})}, {"c", at::ones({1})}}, nullptr, nullptr);
  });
  EXPECT_THAT(message, AllOf(HasSubstr("weights in x.pth"), HasSubstr("missing b"),
                             HasSubstr("a is [3], expected [2]"), HasSubstr("not part of the model c")));
  EXPECT_TRUE(at::equal(target[2].tensor, at::zeros({1})));
}

TEST(LoadNamedTensors, refuses_what_is_no_weight_by_name_and_changes_nothing) {
  const auto nan = at::full({2}, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  const std::vector<NamedTensor> target = {{"a", at::zeros({1})}, {"bn.running_var", at::ones({2})}};
  for (const auto& variance : {nan, at::full({2}, -1.0)}) {
    const auto message = testing::thrown([&] {
      load_named_tensors("weights in x.pth", target, {{"a", at::ones({1})}, {"bn.running_var", variance}},
                         nullptr, nullptr);
    });
    EXPECT_THAT(message, AllOf(HasSubstr("weights in x.pth"), HasSubstr("bn.running_var")));
  }
  EXPECT_TRUE(at::equal(target[0].tensor, at::zeros({1})));
}

TEST(LoadNamedTensors, takes_infinities_where_there_were_some_as_in_masks) {
  const auto mask = at::full({2}, -std::numeric_limits<float>::infinity());
  const std::vector<NamedTensor> target = {{"mask", mask.clone()}};
  EXPECT_NO_THROW(load_named_tensors("weights", target, {{"mask", mask}}, nullptr, nullptr));
}

TEST(LoadNamedTensors, optional_tensors_may_be_absent) {
  const std::vector<NamedTensor> target = {{"a", at::zeros({2})}};
  EXPECT_NO_THROW(load_named_tensors(
      "weights", target, {}, [](const std::string&) { return true; }, nullptr));
}

}  // namespace
}  // namespace kindred
