#include "host/training_data/joined_training_data.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "batched_training_data.hpp"
#include "made_dataset.hpp"
#include "sample_list.hpp"

namespace kindred::host {
namespace {
using testing::BatchedTrainingData;
using testing::MadeDataset;
using testing::sample_list;

/// Gives a sample's number times a factor; some samples cannot be read.
class MadeTrainingData final : public BatchedTrainingData {
 public:
  MadeTrainingData(const Dataset& dataset, const ClassSplit& split, float factor,
                   std::set<int64_t> unreadable)
      : BatchedTrainingData(dataset, split), factor_(factor), unreadable_(std::move(unreadable)) {}

  at::Tensor embed_here(std::vector<SampleIndex>& samples, int64_t) override {
    samples.erase(std::remove_if(samples.begin(), samples.end(),
                                 [&](SampleIndex one) { return unreadable_.count(to_int(one)) > 0; }),
                  samples.end());
    return tensor_of(samples).to(at::kFloat).unsqueeze(1) * factor_;
  }

 private:
  float factor_;
  std::set<int64_t> unreadable_;
};

class Joined : public ::testing::Test {
 protected:
  Joined() {
    for (int64_t i = 0; i < 10; ++i) dataset_.labels_.push_back(i % 3);
    split_.train = sample_list({2, 3, 4, 5, 6, 7, 8, 9});
    split_.validation = sample_list({0, 1});
  }
  JoinedTrainingData joined(const std::set<int64_t>& left, const std::set<int64_t>& right) {
    std::vector<std::unique_ptr<TrainingData>> parts;
    parts.push_back(std::make_unique<MadeTrainingData>(dataset_, split_, 1.0F, left));
    parts.push_back(std::make_unique<MadeTrainingData>(dataset_, split_, 10.0F, right));
    return JoinedTrainingData(dataset_, split_, std::move(parts));
  }
  /// Both columns are of one sample, and the samples are those.
  static void expect_rows(const at::Tensor& rows, const std::vector<int64_t>& samples) {
    ASSERT_EQ(rows.sizes(), at::IntArrayRef({static_cast<int64_t>(samples.size()), 2}));
    for (size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(rows[static_cast<int64_t>(i)][0].item<float>(), static_cast<float>(samples[i]));
      EXPECT_EQ(rows[static_cast<int64_t>(i)][1].item<float>(), static_cast<float>(10 * samples[i]));
    }
  }

  MadeDataset dataset_;
  ClassSplit split_;
};

TEST_F(Joined, puts_embeddings_of_one_sample_side_by_side) {
  auto data = joined({}, {});
  data.start_epoch({at::tensor(std::vector<int64_t>{5, 0, 5}, at::kLong)}, 0, 0);
  const auto step = data.next();
  expect_rows(step.encode({}), {7, 2, 7});
  expect_rows(step.encode(at::tensor(std::vector<int64_t>{2, 1}, at::kLong)), {7, 2});
  expect_rows(data.validation_embeddings(), {0, 1});
}

TEST_F(Joined, leaves_out_what_one_encoder_cannot_read) {
  // As many are missing on either side, but other ones.
  auto data = joined({3}, {6});
  data.start_epoch({at::arange(8, at::kLong)}, 0, 0);
  const auto step = data.next();
  expect_rows(step.encode({}), {2, 4, 5, 7, 8, 9});
  EXPECT_EQ(step.labels.numel(), 6);
  expect_rows(data.train_embeddings(), {2, 4, 5, 7, 8, 9});
  EXPECT_EQ(data.labels().numel(), 6);
}

TEST_F(Joined, numbers_rows_alike_in_all_parts_after_some_are_left_out) {
  auto data = joined({3}, {});
  data.train_embeddings();
  data.start_epoch({at::tensor(std::vector<int64_t>{0, 1, 6}, at::kLong)}, 0, 1);
  expect_rows(data.next().encode({}), {2, 4, 9});
}

}  // namespace
}  // namespace kindred::host
