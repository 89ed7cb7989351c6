#include "host/data/class_split.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "host/base/issue.hpp"
#include "made_dataset.hpp"

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
  options.validation_min_classes = 2;
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

/// Labels of so many classes, ten samples each.
std::vector<int64_t> labels_of(int64_t classes) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < 10 * classes; ++i) all.push_back(i % classes);
  return all;
}

size_t count_classes(const std::vector<int64_t>& all, const std::vector<SampleIndex>& rows) {
  return static_cast<size_t>(count_groups(all, rows));
}

TEST(ClassSplit, validation_has_three_classes_where_a_tenth_would_be_fewer) {
  // Of all classes the first half is trained on; of 2 of them one would be held out, which is refused below.
  const std::map<int64_t, size_t> expected = {{8, 2}, {10, 2}, {12, 3}, {20, 3}, {28, 3}, {50, 3}, {80, 4}};
  for (const auto& [classes, held_out] : expected) {
    const auto all = labels_of(classes);
    const auto split = split_classes(all, {});
    EXPECT_EQ(count_classes(all, split.validation), held_out) << classes;
    EXPECT_EQ(count_classes(all, split.train), static_cast<size_t>(classes) / 2 - held_out) << classes;
    EXPECT_EQ(count_classes(all, split.test), static_cast<size_t>(classes) / 2) << classes;
  }
}

TEST(ClassSplit, the_least_number_of_classes_changes_no_split_that_has_as_many) {
  const auto all = labels_of(60);
  SplitOptions one;
  one.validation_min_classes = 1;
  const auto a = split_classes(all, {}), b = split_classes(all, one);
  EXPECT_EQ(a.validation, b.validation);
  EXPECT_EQ(a.train, b.train);
  // Where it does, the classes that were held out before still are.
  const auto few = labels_of(20);
  const auto three = split_classes(few, {}).validation, single = split_classes(few, one).validation;
  EXPECT_EQ(count_classes(few, single), 1U);
  EXPECT_TRUE(std::includes(three.begin(), three.end(), single.begin(), single.end()));
}

TEST(ClassSplit, classes_of_one_sample_do_not_count_among_those_held_out) {
  // Two classes of three have one sample.
  std::vector<int64_t> all;
  for (int64_t label = 0; label < 60; ++label) all.insert(all.end(), label % 3 == 0 ? 5 : 1, label);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SplitOptions options;
    options.seed = seed;
    const auto split = split_classes(all, options);
    EXPECT_GE(count_groups_of_several(all, split.validation), 3) << seed;
    EXPECT_GE(count_groups_of_several(all, split.train), 3) << seed;
  }
  EXPECT_EQ(count_groups_of_several({4, 4, 5, 6, 6, 6, 7}, {SampleIndex{0}, SampleIndex{1}, SampleIndex{2},
                                                            SampleIndex{3}, SampleIndex{6}}),
            1);
}

TEST(ClassSplit, three_training_classes_are_too_few_to_hold_any_out) {
  SplitOptions options;
  options.has_train = true;
  EXPECT_THROW(split_classes(labels_of(6), options), PipelineError);
  options.validation = ValidationSource::none;
  EXPECT_EQ(split_classes(labels_of(6), options).train.size(), 30U);
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

TEST(ClassSplit, says_how_many_objects_hang_together_when_pairs_cannot_be_divided) {
  kindred::testing::MadeDataset dataset;
  dataset.labels_ = {0, 0, 0};
  dataset.pairs_ = {at::tensor({0, 1, 1, 2}, at::kLong).view({2, 2}), at::ones({2}),
                    at::zeros({2}, at::kLong)};
  SplitOptions options;
  options.has_train = true;
  std::string error;
  try {
    split_classes(dataset, options);
  } catch (const PipelineError& thrown) {
    error = thrown.what();
  }
  EXPECT_THAT(error, ::testing::HasSubstr("no class is left for the test side: all 3 objects of 2 pairs hang "
                                          "together by chains of pairs"));
  dataset.labels_ = {0, 0, 1};
  dataset.pairs_ = {at::tensor({0, 1}, at::kLong).view({1, 2}), at::ones({1}), at::zeros({1}, at::kLong)};
  options.validation = ValidationSource::none;
  EXPECT_EQ(split_classes(dataset, options).test.size() + split_classes(dataset, options).train.size(), 3U);
}

}  // namespace
}  // namespace kindred::host
