#include "kindred/distance.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kindred/error.hpp"

namespace kindred {
namespace {

TEST(Distance, equals_its_definition) {
  at::manual_seed(1);
  const auto a = at::randn({3, 5}, at::kDouble), b = at::randn({4, 5}, at::kDouble);
  const auto cosine = distance_matrix(Distance::cosine, a, b),
             euclidean = distance_matrix(Distance::euclidean, a, b),
             squared = distance_matrix(Distance::squared_euclidean, a, b),
             manhattan = distance_matrix(Distance::manhattan, a, b),
             cubic = distance_matrix({Distance::lp, 3}, a, b), snr = distance_matrix(Distance::snr, a, b),
             dot = distance_matrix(Distance::dot, a, b);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      const double product = (a[i] * b[j]).sum().item<double>();
      const double norms = a[i].norm().item<double>() * b[j].norm().item<double>();
      EXPECT_NEAR(cosine[i][j].item<double>(), 1 - product / norms, 1e-12);
      EXPECT_NEAR(euclidean[i][j].item<double>(), (a[i] - b[j]).norm().item<double>(), 1e-12);
      EXPECT_NEAR(dot[i][j].item<double>(), -product, 1e-12);
      const auto difference = a[i] - b[j];
      EXPECT_NEAR(squared[i][j].item<double>(), difference.square().sum().item<double>(), 1e-12);
      EXPECT_NEAR(manhattan[i][j].item<double>(), difference.abs().sum().item<double>(), 1e-12);
      EXPECT_NEAR(cubic[i][j].item<double>(), std::cbrt(difference.abs().pow(3).sum().item<double>()), 1e-12);
      EXPECT_NEAR(snr[i][j].item<double>(), (difference.var() / a[i].var()).item<double>(), 1e-12);
    }
  }
}

TEST(Distance, of_pairs_is_the_diagonal_of_the_matrix) {
  at::manual_seed(1);
  const auto a = at::randn({6, 5}, at::kDouble), b = at::randn({6, 5}, at::kDouble);
  std::vector<Distance> all = {{Distance::lp, 3}};
  for (const auto& name : distance_names()) all.push_back(distance_from_name(name));
  for (const auto& distance : all) {
    const auto difference = paired_distance(distance, a, b) - distance_matrix(distance, a, b).diagonal();
    EXPECT_LT(difference.abs().max().item<double>(), 1e-12) << distance.kind;
  }
}

TEST(Distance, snr_of_a_constant_row_is_zero) {
  const auto constant = at::ones({1, 4}), other = at::arange(4, at::kFloat).unsqueeze(0);
  EXPECT_EQ(distance_matrix(Distance::snr, constant, other).item<float>(), 0);
  EXPECT_EQ(paired_distance(Distance::snr, constant, other).item<float>(), 0);
}

TEST(Distance, gradients_are_finite_at_distance_zero_and_right_elsewhere) {
  at::manual_seed(2);
  auto names = distance_names();
  names.push_back("lp");
  for (const auto& name : names) {
    const auto distance = name == "lp" ? Distance(Distance::lp, 3) : distance_from_name(name);
    auto x = at::randn({4, 3}, at::kDouble);
    x[1].copy_(x[0]);
    x = x.requires_grad_(true);
    distance_matrix(distance, x, x).sum().backward();
    ASSERT_TRUE(at::isfinite(x.grad()).all().item<bool>()) << name;
    const auto weights = at::randn({2, 2}, at::kDouble);
    const auto value = [&](const at::Tensor& y) {
      return (distance_matrix(distance, y.slice(0, 0, 1), y.slice(0, 2, 4)) * weights[0]).sum();
    };
    auto y = x.detach().clone().requires_grad_(true);
    value(y).backward();
    for (int64_t i = 0; i < y.numel(); ++i) {
      auto plus = y.detach().clone(), minus = y.detach().clone();
      plus.view(-1)[i] += 1e-6;
      minus.view(-1)[i] -= 1e-6;
      EXPECT_NEAR(y.grad().view(-1)[i].item<double>(), (value(plus) - value(minus)).item<double>() / 2e-6,
                  1e-7)
          << name;
    }
  }
}

TEST(Distance, of_a_float32_row_to_itself_is_zero) {
  at::manual_seed(3);
  const auto x = at::randn({50, 300}) + 100;
  EXPECT_EQ(distance_matrix(Distance::euclidean, x, x).diagonal().abs().max().item<float>(), 0);
}

TEST(Distance, unknown_names_list_the_known_ones) {
  try {
    distance_from_name("hamming");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cosine, euclidean, squared_euclidean, manhattan, dot, snr"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace kindred
