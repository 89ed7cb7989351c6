#include "host/training/compared_samples.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "host/training/batch_memory.hpp"

namespace kindred::host {
namespace {

/// Three classes; the memory has two earlier batches, in which samples 2 and 3 were, too.
ComparedSamples with_memory(BatchMemory& memory) {
  const auto labels = at::arange(8, at::kLong).remainder(3), samples = at::arange(8, at::kLong);
  memory.add(at::randn({5, 4}), labels.slice(0, 2, 7), samples.slice(0, 2, 7) + 40);
  memory.add(at::randn({3, 4}), labels.slice(0, 1, 4), samples.slice(0, 1, 4));
  return memory.compared(at::randn({8, 4}), labels, samples);
}

TEST(ComparedSamples, of_a_batch_alone_are_the_pairs_of_its_labels) {
  const auto x = at::randn({6, 4});
  const auto labels = at::arange(6, at::kLong).remainder(2);
  const auto batch = ComparedSamples{x, labels}.batch();
  const auto expected = pair_masks(labels);
  EXPECT_TRUE(batch.embeddings.is_same(x));
  EXPECT_TRUE(batch.references.is_same(x));
  EXPECT_TRUE(at::equal(batch.masks.positive, expected.positive));
  EXPECT_TRUE(at::equal(batch.masks.negative, expected.negative));
}

TEST(ComparedSamples, anchors_are_rows_of_the_batch) {
  BatchMemory memory(8, 4, at::kCPU);
  for (const auto& compared :
       {with_memory(memory), ComparedSamples{at::randn({8, 4}), at::arange(8, at::kLong).remainder(3)}}) {
    const auto whole = compared.batch();
    EXPECT_EQ(whole.references.size(0), compared.references());
    for (const auto& rows :
         {at::arange(3, at::kLong), at::tensor({6, 1, 7}, at::kLong), at::tensor({4}, at::kLong)}) {
      const auto part = compared.rows(rows);
      EXPECT_TRUE(at::equal(part.embeddings, whole.embeddings.index_select(0, rows)));
      EXPECT_TRUE(at::equal(part.references, whole.references));
      EXPECT_TRUE(at::equal(part.masks.positive, whole.masks.positive.index_select(0, rows)));
      EXPECT_TRUE(at::equal(part.masks.negative, whole.masks.negative.index_select(0, rows)));
    }
  }
}

}  // namespace
}  // namespace kindred::host
