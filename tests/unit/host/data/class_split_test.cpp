#include "host/data/class_split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "host/base/issue.hpp"

namespace kindred::host {
namespace {

std::vector<int64_t> labels() {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < 400; ++i) all.push_back(i % 20);
  all.push_back(-1);
  return all;
}

std::set<int64_t> classes_of(const std::vector<SampleIndex>& rows) {
  std::set<int64_t> classes;
  for (const auto row : rows) classes.insert(labels()[static_cast<size_t>(row)]);
  return classes;
}

TEST(ClassSplit, the_first_classes_may_be_those_of_training) {
  SplitOptions options;
  options.train_first = 7;
  options.validation = ValidationSource::none;
  const auto split = split_classes(labels(), options);
  EXPECT_EQ(classes_of(split.train), (std::set<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(classes_of(split.test).size(), 13u);
}

TEST(ClassSplit, whole_classes_go_to_one_side_and_validation_comes_out_of_train) {
  SplitOptions options;
  options.train_fraction = 0.5;
  options.validation_fraction = 0.2;
  const auto split = split_classes(labels(), options);
  const auto train = classes_of(split.train), validation = classes_of(split.validation),
             test = classes_of(split.test);
  EXPECT_EQ(train.size(), 8u);
  EXPECT_EQ(validation.size(), 2u);
  EXPECT_EQ(test.size(), 10u);
  std::set<int64_t> all(train);
  all.insert(validation.begin(), validation.end());
  all.insert(test.begin(), test.end());
  EXPECT_EQ(all.size(), 20u) << "no class on two sides";
  EXPECT_EQ(split.train.size() + split.validation.size() + split.test.size(), 400u)
      << "the sample without a label is on none";
  EXPECT_EQ(split_classes(labels(), options).train, split.train);
  options.seed = 43;
  EXPECT_NE(split_classes(labels(), options).train, split.train);
}

TEST(ClassSplit, other_validation_does_not_move_the_test_classes) {
  SplitOptions with, without, same;
  without.validation = ValidationSource::none;
  same.validation = ValidationSource::test;
  const auto a = split_classes(labels(), with), b = split_classes(labels(), without),
             c = split_classes(labels(), same);
  EXPECT_EQ(a.test, b.test);
  EXPECT_EQ(c.validation, c.test);
  EXPECT_TRUE(c.validation_is_test);
  EXPECT_TRUE(b.validation.empty());
}

TEST(ClassSplit, each_class_is_in_the_test_side_of_one_fold) {
  std::multiset<int64_t> tested;
  for (int64_t fold = 1; fold <= 3; ++fold) {
    SplitOptions options;
    options.folds = 3;
    options.fold = fold;
    const auto split = split_classes(labels(), options);
    const auto test = classes_of(split.test);
    EXPECT_THAT(test.size(), ::testing::AnyOf(6u, 7u));
    EXPECT_EQ(classes_of(split.train).size() + classes_of(split.validation).size(), 20 - test.size());
    tested.insert(test.begin(), test.end());
  }
  EXPECT_EQ(tested.size(), 20u);
  EXPECT_EQ(std::set<int64_t>(tested.begin(), tested.end()).size(), 20u);
}

TEST(ClassSplit, more_folds_than_classes_are_refused) {
  SplitOptions options;
  options.folds = 21;
  EXPECT_THROW(split_classes(labels(), options), PipelineError);
}

TEST(ClassSplit, draws_with_the_default_seed_what_it_always_drew) {
  // The version before the split had a seed of its own drew these with the seed 42.
  EXPECT_EQ(classes_of(split_classes(labels(), SplitOptions()).test),
            (std::set<int64_t>{2, 3, 6, 7, 8, 9, 11, 15, 16, 17}));
}

TEST(ClassSplit, named_classes_must_exist) {
  SplitOptions options;
  options.train_classes = {1, 77};
  try {
    split_classes(labels(), options);
    FAIL();
  } catch (const PipelineError& error) {
    EXPECT_THAT(error.issues().front().message, ::testing::HasSubstr("class 77"));
  }
}

}  // namespace
}  // namespace kindred::host
