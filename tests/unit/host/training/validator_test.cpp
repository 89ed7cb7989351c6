#include "host/training/validator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/distributed/local_communicator.hpp"
#include "made_training.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::Pair;

/// A loss of single rows, so that its mean does not depend on how rows are batched.
class RowLoss final : public Loss {
 public:
  at::Tensor forward(const at::Tensor& x, const at::Tensor& labels) override {
    sizes.push_back(x.size(0));
    return x.square().sum(1).mul(labels + 1).mean();
  }
  void train(bool on) override { trains = on; }
  std::vector<int64_t> sizes;
  bool trains = true;
};

class ValidatorTest : public ::testing::Test {
 protected:
  ValidatorTest() : made_(""), collapse_(made_.context) {}

  std::map<std::string, double> validate(int64_t batch_size, bool with_metrics, bool class_proxies = false) {
    made_.data = std::make_unique<MadeTrainingData>(made_.dataset, made_.split, made_.rows);
    std::vector<LossTerm> terms(1);
    terms[0].loss = loss_;
    terms[0].class_proxies = class_proxies;
    TrainingLoss loss(std::move(terms), made_.data->labels(), at::kCPU);
    Validator validator({7, at::kCPU, with_metrics}, made_.measuring, made_.metrics, made_.model, *made_.data,
                        loss, collapse_, alone_);
    return validator.validate(batch_size);
  }

  MadeTraining made_;
  LocalCommunicator alone_;
  CollapseWatch collapse_;
  std::shared_ptr<RowLoss> loss_ = std::make_shared<RowLoss>();
};

TEST_F(ValidatorTest, gives_the_mean_loss_over_rows_however_they_are_batched) {
  const auto embeddings =
      made_.model.apply_heads(made_.rows.index_select(0, tensor_of(made_.split.validation)));
  const auto labels = labels_of(made_.dataset.labels(), made_.split.validation);
  const double expected = embeddings.square().sum(1).mul(labels + 1).mean().item<double>();
  for (const int64_t size : {1, 5, 12, 100}) {
    loss_->sizes.clear();
    const auto values = validate(size, false);
    ASSERT_EQ(values.size(), 1U);
    EXPECT_NEAR(values.at("loss"), expected, 1e-5 * expected) << size;
    EXPECT_EQ(loss_->sizes.front(), std::min<int64_t>(size, 12));
  }
  EXPECT_FALSE(loss_->trains) << "it is left in evaluation mode";
}

TEST_F(ValidatorTest, gives_metrics_where_they_are_wanted) {
  made_.metrics = {std::make_shared<ScriptedMetric>(std::vector<double>{0.25})};
  EXPECT_THAT(validate(5, true, true), ElementsAre(Pair("scripted", 0.25)))
      << "a loss with class proxies has nothing to say of other classes";
  EXPECT_THAT(validate(5, false, true), ElementsAre());
}

TEST_F(ValidatorTest, says_nothing_without_validation_rows) {
  made_.split.validation.clear();
  EXPECT_TRUE(validate(5, true).empty());
}

TEST_F(ValidatorTest, watches_for_a_collapse) {
  made_.rows = at::ones_like(made_.rows);
  validate(5, false);
  EXPECT_TRUE(collapse_.is_over());
}

TEST_F(ValidatorTest, names_a_validation_sample_whose_embedding_is_not_finite) {
  const auto bad = to_int(made_.split.validation[2]);
  made_.rows[bad][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(kindred::testing::thrown([&] { validate(4, true); }),
              ::testing::HasSubstr("the first is that of #" + std::to_string(bad) + ";"));
}

}  // namespace
}  // namespace kindred::host
