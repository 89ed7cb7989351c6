#include "host/training/batch_memory.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {
namespace {

at::Tensor numbers(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }

TEST(BatchMemory, empty_gives_the_batch_itself) {
  const BatchMemory memory(8, 3, at::kCPU);
  const auto x = at::randn({4, 3});
  const auto batch = memory.compared(x, numbers({0, 0, 1, 1}), numbers({10, 11, 12, 13})).batch();
  EXPECT_TRUE(batch.references.is_same(x));
  EXPECT_EQ(batch.masks.positive.size(1), 4);
}

TEST(BatchMemory, keeps_the_newest) {
  BatchMemory memory(5, 1, at::kCPU);
  for (int64_t i = 0; i < 4; ++i) {
    const auto x = at::full({2, 1}, static_cast<double>(i));
    memory.add(x, numbers({i, i}), numbers({2 * i, 2 * i + 1}));
  }
  EXPECT_EQ(memory.count(), 5);
  const auto kept = std::get<0>(memory.tensors().at(2).tensor.sort());
  EXPECT_TRUE(at::equal(kept, numbers({3, 4, 5, 6, 7})));
  memory.add(at::arange(9, at::kFloat).view({9, 1}), at::arange(9, at::kLong),
             at::arange(9, at::kLong) + 100);
  EXPECT_TRUE(
      at::equal(std::get<0>(memory.tensors().at(2).tensor.sort()), numbers({104, 105, 106, 107, 108})));
}

TEST(BatchMemory, a_sample_is_no_positive_of_what_it_was) {
  BatchMemory memory(8, 2, at::kCPU);
  memory.add(at::randn({3, 2}), numbers({0, 1, 0}), numbers({10, 20, 30}));
  const auto batch = memory.compared(at::randn({2, 2}), numbers({0, 1}), numbers({10, 40})).batch();
  const auto row = [](const at::Tensor& mask, int64_t i) {
    std::vector<bool> out;
    for (int64_t j = 0; j < mask.size(1); ++j) out.push_back(mask[i][j].item<bool>());
    return out;
  };
  // Columns: the batch (classes 0, 1), then the memory (0, 1, 0).
  EXPECT_EQ(row(batch.masks.positive, 0), (std::vector<bool>{false, false, false, false, true}));
  EXPECT_EQ(row(batch.masks.negative, 0), (std::vector<bool>{false, true, false, true, false}));
  EXPECT_EQ(row(batch.masks.positive, 1), (std::vector<bool>{false, false, false, true, false}));
  EXPECT_EQ(row(batch.masks.negative, 1), (std::vector<bool>{true, false, true, false, true}));
}

TEST(BatchMemory, a_loss_sees_the_memory_as_more_samples_without_gradients) {
  at::manual_seed(4);
  const auto x = at::randn({6, 5}, at::kDouble), old = at::randn({7, 5}, at::kDouble);
  const auto labels = numbers({0, 0, 1, 1, 2, 2}), old_labels = numbers({0, 1, 1, 2, 2, 3, 0});
  BatchMemory memory(7, 5, at::kCPU);
  memory.add(old, old_labels, at::arange(7, at::kLong) + 100);
  const auto kept = old.to(at::kFloat).to(at::kDouble);  // as the memory stores it
  for (const auto* id :
       {"kindred.nt_xent", "kindred.contrastive", "kindred.smooth_ap", "kindred.lifted_structure"}) {
    const auto loss = testing::make<Loss>("core", id);
    auto anchors = x.clone().requires_grad_(true);
    loss->forward_pairs(memory.compared(anchors, labels, at::arange(6, at::kLong)).batch()).backward();
    // The same by hand: rows of the batch against all, where the others are constants.
    auto again = x.clone().requires_grad_(true);
    const auto all = pair_masks(at::cat({labels, old_labels}));
    loss->forward_pairs(
            {again, at::cat({again, kept}), {all.positive.slice(0, 0, 6), all.negative.slice(0, 0, 6)}, {}})
        .backward();
    EXPECT_TRUE(at::equal(anchors.grad(), again.grad())) << id;
    // And it does say something.
    auto alone = x.clone().requires_grad_(true);
    loss->forward(alone, labels).backward();
    EXPECT_FALSE(at::allclose(anchors.grad(), alone.grad())) << id;
  }
}

}  // namespace
}  // namespace kindred::host
