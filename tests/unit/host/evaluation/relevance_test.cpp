#include "host/evaluation/relevance.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

namespace kindred::host {
namespace {

at::Tensor numbers(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

at::Tensor flags(const std::vector<int64_t>& values) { return numbers(values).to(at::kBool); }

TEST(TellsApart, is_false_where_every_order_of_the_candidates_is_right) {
  EXPECT_FALSE(tells_apart({numbers({4, 4, 4}), {}, {}, {}}));
  EXPECT_TRUE(tells_apart({numbers({4, 4, 5}), {}, {}, {}}));
  // Two classes, of which one alone is searched in.
  EXPECT_FALSE(tells_apart({numbers({4, 4, 4, 5, 5}), {}, flags({1, 1, 1, 0, 0}), {}}));
  // The only query has nothing but its own class to find; a candidate or not, it does not find itself.
  EXPECT_FALSE(tells_apart({numbers({4, 4, 5}), numbers({0}), flags({0, 1, 0}), {}}));
  EXPECT_FALSE(tells_apart({numbers({4, 4, 5}), numbers({0}), flags({1, 1, 0}), {}}));
  EXPECT_TRUE(tells_apart({numbers({4, 4, 5}), numbers({0}), flags({0, 1, 1}), {}}));
}

TEST(TellsApart, is_true_where_metrics_are_undefined_or_need_no_classes) {
  EXPECT_TRUE(tells_apart({numbers({1, 2, 3}), {}, {}, {}}));
  RetrievalTask task{numbers({1, 1}), {}, {}, {}};
  task.pairs.rows = numbers({0, 1}).reshape({1, 2});
  task.pairs.scores = at::ones({1});
  task.pairs.subgroups = numbers({0});
  EXPECT_TRUE(tells_apart(task));
}

}  // namespace
}  // namespace kindred::host
