#include "host/run/doubts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/base/collecting_context.hpp"
#include "made_dataset.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Doubts : public ::testing::Test {
 protected:
  /// Samples, one after the other, of the classes 0, 1, ...: so many each.
  std::vector<SampleIndex> samples(int64_t classes, int64_t each) {
    std::vector<SampleIndex> rows;
    for (int64_t i = 0; i < classes * each; ++i) {
      rows.push_back(SampleIndex{dataset_.size()});
      dataset_.labels_.push_back(first_class_ + i / each);
    }
    first_class_ += classes;
    return rows;
  }
  std::vector<std::string> training_side(int64_t validation_classes, nlohmann::json sampler = {}) {
    ClassSplit split;
    split.train = samples(13, 4);
    split.validation = samples(validation_classes, 4);
    pipeline_.training.batch_sampler.params = std::move(sampler);
    doubt_training_side(dataset_, split, pipeline_, context_);
    return context_.warnings();
  }
  void SetUp() override { pipeline_.has_train = true; }

  kindred::testing::MadeDataset dataset_;
  int64_t first_class_ = 0;
  Pipeline pipeline_;
  Context silent_;
  CollectingContext context_{silent_};
};

TEST_F(Doubts, validation_on_two_classes_is_warned_of) {
  EXPECT_THAT(training_side(2), ElementsAre(HasSubstr("validation is on 2 classes only")));
}

TEST_F(Doubts, validation_on_three_classes_or_none_is_not) {
  EXPECT_THAT(training_side(3), IsEmpty());
  EXPECT_THAT(training_side(0), IsEmpty());
}

TEST_F(Doubts, few_validation_classes_do_no_harm_where_they_decide_nothing) {
  pipeline_.training.early_stopping.monitor = "train.loss";
  EXPECT_THAT(training_side(2), IsEmpty());
}

TEST_F(Doubts, a_batch_of_more_classes_than_there_are_is_warned_of) {
  EXPECT_THAT(training_side(3, {{"classes", 32}, {"samples", 4}}),
              ElementsAre(HasSubstr("asks for 32 classes in a batch, and the training side has 13")));
}

TEST_F(Doubts, a_batch_larger_than_the_data_is_warned_of) {
  EXPECT_THAT(training_side(3, {{"batch_size", 53}}),
              ElementsAre(HasSubstr("batches of 53, and the training side has 52 samples")));
}

TEST_F(Doubts, a_batch_as_large_as_the_data_is_not) {
  EXPECT_THAT(training_side(3, {{"batch_size", 52}}), IsEmpty());
  EXPECT_THAT(training_side(3, {{"classes", 13}, {"samples", 4}}), IsEmpty());
}

TEST_F(Doubts, one_test_class_tells_nothing_and_four_tell_little) {
  EXPECT_FALSE(doubt_test_side(dataset_, samples(1, 6), pipeline_, context_));
  EXPECT_THAT(context_.warnings(), ElementsAre(HasSubstr("all test samples are of one class")));
  EXPECT_TRUE(doubt_test_side(dataset_, samples(4, 6), pipeline_, context_));
  EXPECT_THAT(context_.warnings().back(), HasSubstr("the test side has 4 classes only"));
  EXPECT_TRUE(doubt_test_side(dataset_, samples(5, 6), pipeline_, context_));
  EXPECT_EQ(context_.warnings().size(), 2U);
}

TEST_F(Doubts, a_best_epoch_of_one_is_warned_of_where_others_came_behind_it) {
  TrainReport report;
  report.monitor = "validation.r_precision";
  report.best_epoch = 1;
  report.epochs = 1;
  doubt_best_epoch(report, context_);
  report.epochs = 9;
  report.tells_apart = false;  // said by the trainer
  doubt_best_epoch(report, context_);
  EXPECT_THAT(context_.warnings(), IsEmpty());
  report.tells_apart = true;
  doubt_best_epoch(report, context_);
  EXPECT_THAT(context_.warnings(), ElementsAre(HasSubstr("the best of 9 epochs is the first")));
}

TEST_F(Doubts, a_tuned_model_that_is_not_better_is_warned_of_by_every_metric_that_says_so) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const auto compared = [](const char* name, bool rises, double base, double tuned) {
    return Comparison{name, rises, base, tuned, {}, Verdict::unclear, ""};
  };
  doubt_tuned({compared("a", true, 0.2, 0.3), compared("b", false, 5, 4), compared("c", true, none, 1)},
              context_);
  EXPECT_THAT(context_.warnings(), IsEmpty());
  doubt_tuned({compared("a", true, 0.3, 0.2), compared("b", false, 4, 5), compared("c", true, 0.5, 0.5),
               compared("d", true, 0.5, 0.6)},
              context_);
  EXPECT_THAT(context_.warnings(),
              ElementsAre(HasSubstr("(a 0.2000 against 0.3000, b 5.0000 against 4.0000, c 0.5000 against "
                                    "0.5000)")));
}

}  // namespace
}  // namespace kindred::host
