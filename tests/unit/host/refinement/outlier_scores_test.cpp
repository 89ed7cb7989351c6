#include "host/refinement/outlier_scores.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

at::Tensor numbers(const std::vector<int64_t>& values, int64_t width) {
  return at::tensor(values, at::kLong).view({-1, width});
}

TEST(OutlierScores, weigh_near_neighbours_more) {
  const auto neighbours = numbers({1, 2, 0, 2, 1, 3, 2, 1}, 2);
  const auto distances = at::tensor({1.0F, 3.0F, 1.0F, 2.0F, 2.0F, 2.0F, 2.0F, 4.0F}).view({4, 2});
  const auto labels = at::tensor({5, 5, 7, 7}, at::kLong);
  const auto found = outlier_scores(neighbours, distances, labels);
  ASSERT_EQ(found.size(), 4U);
  const auto weights = [](double own, double other) {  // of two neighbours at these distances
    const double mean = (own + other) / 2;
    return std::exp(-other / mean) / (std::exp(-own / mean) + std::exp(-other / mean));
  };
  EXPECT_EQ(found[0].row, 2);  // half of what row 2 has is of another label
  EXPECT_NEAR(found[0].score, 0.5, 1e-12);
  EXPECT_EQ(found[0].likely, 5) << "of equal weights the smallest label";
  EXPECT_EQ(found[1].row, 1);
  EXPECT_NEAR(found[1].score, weights(1, 2), 1e-12);
  EXPECT_EQ(found[2].row, 3);
  EXPECT_NEAR(found[2].score, weights(2, 4), 1e-12);
  EXPECT_EQ(found[3].row, 0);
  EXPECT_NEAR(found[3].score, weights(1, 3), 1e-12);
  for (const auto& one : found) EXPECT_EQ(one.share, 0.5);
}

TEST(OutlierScores, a_wrong_label_comes_first_and_what_it_may_be_is_said) {
  // Two groups far apart; row 3 lies in the first and has the label of the second.
  const auto places = at::tensor({0.0F, 1.0F, 2.0F, 3.0F, 100.0F, 101.0F, 102.0F, 103.0F});
  const auto labels = at::tensor({0, 0, 0, 1, 1, 1, 1, 1}, at::kLong);
  auto distance = (places.unsqueeze(1) - places.unsqueeze(0)).abs();
  distance.fill_diagonal_(1e9);
  const auto sorted = distance.sort(1);
  const auto found = outlier_scores(std::get<1>(sorted).slice(1, 0, 3).contiguous(),
                                    std::get<0>(sorted).slice(1, 0, 3).contiguous(), labels);
  EXPECT_EQ(found.front().row, 3);
  EXPECT_EQ(found.front().score, 1);
  EXPECT_EQ(found.front().likely, 0);
  EXPECT_EQ(found.back().score, 0);
}

TEST(OutlierScores, missing_neighbours_do_not_count) {
  const auto neighbours = numbers({1, -1, -1, -1}, 2);
  const auto distances = at::full({2, 2}, std::numeric_limits<float>::infinity());
  distances[0][0] = 0;
  const auto found = outlier_scores(neighbours, distances, at::tensor({1, 2}, at::kLong));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].row, 0);
  EXPECT_EQ(found[0].score, 1);
  EXPECT_EQ(found[0].neighbours, 1);
}

TEST(OutlierScores, what_is_no_such_list_is_refused) {
  const auto labels = at::tensor({1, 2}, at::kLong);
  EXPECT_THROW(outlier_scores(numbers({0, 1}, 1), at::zeros({2, 1}), labels), Error) << "its own neighbour";
  EXPECT_THROW(outlier_scores(numbers({1, 2}, 1), at::zeros({2, 1}), labels), Error) << "no such row";
  EXPECT_THROW(outlier_scores(numbers({1, 0}, 1), at::zeros({2, 2}), labels), Error);
  EXPECT_THROW(outlier_scores(numbers({1, 0}, 1), at::zeros({2, 1}), at::ones({3}, at::kLong)), Error);
}

}  // namespace
}  // namespace kindred::host
