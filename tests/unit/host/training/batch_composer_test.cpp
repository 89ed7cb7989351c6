#include "host/training/batch_composer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/distance.hpp"
#include "made_training.hpp"
#include "sample_list.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

/// The training data of a made-up training, and what composes batches of it.
struct Composed {
  explicit Composed(int64_t refresh) : made("") {
    made.sampler = std::make_shared<MadeSampler>(10, refresh);
    open();
  }
  void open() {
    made.data = std::make_unique<MadeTrainingData>(made.dataset, made.split, made.rows);
    composer = std::make_unique<BatchComposer>(*made.sampler, *made.data, made.model, 3);
  }
  MadeTraining made;
  std::unique_ptr<BatchComposer> composer;
};

TEST(BatchComposer, gives_the_batches_that_the_sampler_chooses) {
  Composed one(0);
  const auto batches = one.composer->batches(1);
  ASSERT_EQ(batches.size(), 4U);
  EXPECT_TRUE(at::equal(std::get<0>(at::cat(batches).sort()), at::arange(36, at::kLong)));
  EXPECT_TRUE(at::equal(one.composer->batches(1).front(), batches.front()));
  EXPECT_FALSE(at::equal(one.composer->batches(2).front(), batches.front()));
  EXPECT_TRUE(one.composer->rows_of(batches.front()).is_same(batches.front()));
  EXPECT_EQ(one.composer->row_count(7), 7);
  EXPECT_FALSE(one.composer->needs_class_means(0));
  EXPECT_TRUE(one.composer->tensors().empty());
}

TEST(BatchComposer, shows_the_means_of_the_classes_brought_to_length_1) {
  Composed one(3);
  EXPECT_TRUE(one.composer->needs_class_means(0));
  EXPECT_FALSE(one.composer->needs_class_means(2));
  EXPECT_TRUE(one.composer->needs_class_means(6));
  one.composer->show_class_means();
  ASSERT_EQ(one.made.sampler->seen.size(), 1U);
  EXPECT_TRUE(at::equal(one.made.sampler->seen.front(), at::arange(6, at::kLong)));
  const auto means = one.composer->tensors().front().tensor;
  one.made.model.heads.train(false);
  const auto x = l2_normalized(one.made.model.apply_heads(one.made.data->train_embeddings()).detach());
  for (int64_t label = 0; label < 6; ++label) {
    const auto rows = one.made.data->labels().eq(label).nonzero().squeeze(1);
    EXPECT_TRUE(
        at::allclose(means[label], l2_normalized(x.index_select(0, rows).mean(0, true))[0], 1e-4, 1e-5));
  }
}

TEST(BatchComposer, a_restored_sampler_composes_the_same_batches) {
  Composed first(3), second(3);
  first.composer->show_class_means();
  second.composer->tensors().front().tensor.copy_(first.composer->tensors().front().tensor);
  EXPECT_FALSE(at::equal(at::cat(second.composer->batches(1)), at::cat(first.composer->batches(1))));
  second.composer->restored();
  EXPECT_TRUE(at::equal(at::cat(second.composer->batches(1)), at::cat(first.composer->batches(1))));
}

TEST(BatchComposer, batches_of_pairs_need_the_rows_of_both_objects) {
  Composed one(0);
  // Sample i and the next of its class, which is 8 further; of classes 0 to 5, the training side.
  one.made.dataset.pairs_ = {at::tensor(std::vector<int64_t>{0, 8, 1, 9, 7, 15}, at::kLong).reshape({3, 2}),
                             at::ones({3}), at::arange(3, at::kLong)};
  one.open();
  ASSERT_NE(one.composer->pairs(), nullptr);
  EXPECT_EQ(one.composer->pairs()->labels().numel(), 2) << "7 and 15 are on the other side";
  const auto rows = one.composer->rows_of(at::tensor(std::vector<int64_t>{1, 0}, at::kLong));
  EXPECT_EQ(one.made.data->samples_of(rows), kindred::testing::sample_list({1, 0, 9, 8}));
  EXPECT_EQ(one.composer->row_count(2), 4);
  one.made.dataset.pairs_ = {at::tensor(std::vector<int64_t>{7, 15}, at::kLong).reshape({1, 2}),
                             at::ones({1}), at::zeros({1}, at::kLong)};
  EXPECT_EQ(kindred::testing::thrown([&] { one.open(); }),
            "no pair has both of its objects on the training side");
}

}  // namespace
}  // namespace kindred::host
