#include "host/distributed/global_batch.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "host/distributed/local_communicator.hpp"
#include "kindred/error.hpp"
#include "thread_communicator.hpp"

namespace kindred::host {
namespace {

TEST(LocalCommunicator, is_alone_and_changes_nothing) {
  LocalCommunicator alone;
  EXPECT_EQ(alone.rank(), 0);
  EXPECT_EQ(alone.size(), 1);
  alone.barrier();
  auto x = at::arange(6, at::kFloat).requires_grad_(true);
  const auto before = x.detach().clone();
  alone.all_reduce_sum(x);
  alone.broadcast(x);
  EXPECT_TRUE(at::equal(x.detach(), before));
  EXPECT_TRUE(at::equal(alone.all_gather(x), before));
  EXPECT_FALSE(alone.all_gather(x).requires_grad());
  EXPECT_TRUE(alone.any(true));
  EXPECT_FALSE(alone.any(false));
  EXPECT_TRUE(part_of_rank(x, alone).is_same(x));
  EXPECT_TRUE(gathered(x, alone).is_same(x));
  EXPECT_TRUE(gathered_embeddings(x, alone).is_same(x)) << "with its graph";
}

TEST(GlobalBatch, a_process_with_other_values_is_named) {
  std::vector<std::string> said(3);
  as_group(3, [&](Communicator& communicator) {
    const auto rank = communicator.rank();
    const std::vector<NamedTensor> same = {{"labels", at::arange(5, at::kLong)},
                                           {"embeddings", at::ones({2, 3})}};
    EXPECT_NO_THROW(expect_same_everywhere(same, communicator));
    if (rank == 2) same[1].tensor[1][2].fill_(1.0000001F);
    try {
      expect_same_everywhere(same, communicator);
    } catch (const Error& error) {
      said[static_cast<size_t>(rank)] = error.what();
    }
  });
  for (const auto& one : said)
    EXPECT_EQ(one.find("rank 2 has other values of \"embeddings\" than rank 0"), 0U) << one;
}

TEST(GlobalBatch, every_row_is_encoded_by_one_process) {
  const auto rows = at::arange(8, at::kLong) * 10;
  std::vector<at::Tensor> parts(3);
  as_group(3, [&](Communicator& communicator) {
    parts[static_cast<size_t>(communicator.rank())] = part_of_rank(rows, communicator);
    EXPECT_TRUE(at::equal(gathered(part_of_rank(rows, communicator), communicator), rows));
  });
  EXPECT_EQ(parts[0].numel(), 2);
  EXPECT_TRUE(at::equal(at::cat(parts), rows));
  as_group(3, [&](Communicator& communicator) {
    const auto one = at::zeros({1}, at::kLong);
    EXPECT_EQ(part_of_rank(one, communicator).numel(), communicator.rank() == 2 ? 1 : 0);
  });
}

TEST(GlobalBatch, gradients_of_three_processes_are_those_of_one) {
  at::manual_seed(3);
  const auto x = at::randn({8, 4}), weight = at::randn({4, 5}), shift = at::randn({5});
  // Every row is compared with every other, so that no process could compute its part of the loss alone.
  const auto loss_of = [](const at::Tensor& y, const at::Tensor& b) {
    return (y + b).matmul((y + b).t()).tanh().sum();
  };
  auto w = weight.clone().requires_grad_(true), b = shift.clone().requires_grad_(true);
  loss_of(x.matmul(w), b).backward();
  as_group(3, [&](Communicator& communicator) {
    auto mine = weight.clone().requires_grad_(true), repeated = shift.clone().requires_grad_(true);
    const auto all = gathered_embeddings(part_of_rank(x, communicator).matmul(mine), communicator);
    EXPECT_EQ(all.size(0), 8);
    loss_of(all, repeated).backward();
    sum_gradients({{"w", mine}}, {{"b", repeated}}, communicator);
    EXPECT_TRUE(at::allclose(mine.grad(), w.grad(), 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(repeated.grad(), b.grad(), 1e-5, 1e-6));
  });
}

TEST(GlobalBatch, a_process_without_a_gradient_counts_as_zero) {
  as_group(3, [&](Communicator& communicator) {
    auto used = at::ones({2}).requires_grad_(true), unused = at::ones({2}).requires_grad_(true);
    if (communicator.rank() == 1) (used * 3).sum().backward();
    sum_gradients({{"used", used}, {"unused", unused}}, {}, communicator);
    EXPECT_TRUE(at::equal(used.grad(), at::full({2}, 3.0F)));
    EXPECT_FALSE(unused.grad().defined());
  });
}

TEST(GlobalBatch, all_take_what_the_first_has) {
  as_group(3, [&](Communicator& communicator) {
    const auto x = at::full({2}, static_cast<double>(communicator.rank() + 5));
    take_from_first({{"x", x}}, communicator);
    EXPECT_EQ(x[1].item<float>(), 5.0F);
    EXPECT_EQ(take_from_first(0.1 * static_cast<double>(communicator.rank() + 1), communicator), 0.1);
  });
}

}  // namespace
}  // namespace kindred::host
