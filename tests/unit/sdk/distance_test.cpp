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

TEST(Distance, of_very_long_and_very_short_rows_is_that_of_ordinary_ones_times_their_length) {
  at::manual_seed(4);
  const auto a = at::randn({5, 8}), b = at::randn({4, 8}), pair = at::randn({5, 8});
  for (const double length : {1e30, 1e-30, 1e-20, 1e20}) {
    const auto scale = static_cast<float>(length);
    EXPECT_TRUE(at::allclose(distance_matrix(Distance::cosine, a * scale, b),
                             distance_matrix(Distance::cosine, a, b), 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(paired_distance(Distance::cosine, a * scale, pair * scale),
                             paired_distance(Distance::cosine, a, pair), 1e-5, 1e-6));
    for (const Distance distance : {Distance(Distance::euclidean), Distance(Distance::lp, 3),
                                    Distance(Distance::snr), Distance(Distance::manhattan)}) {
      const double factor = distance.kind == Distance::snr ? 1 : length;
      EXPECT_TRUE(at::allclose(distance_matrix(distance, a * scale, b * scale).to(at::kDouble) / factor,
                               distance_matrix(distance, a, b).to(at::kDouble), 1e-4, 1e-5))
          << distance.kind << " " << length;
      EXPECT_TRUE(at::allclose(paired_distance(distance, a * scale, pair * scale).to(at::kDouble) / factor,
                               paired_distance(distance, a, pair).to(at::kDouble), 1e-4, 1e-5))
          << distance.kind << " " << length;
    }
  }
}

TEST(Normalized, keeps_the_direction_of_every_length_and_every_bit_of_ordinary_ones) {
  at::manual_seed(5);
  const auto x = at::randn({6, 8});
  const auto plain = x / x.norm(2, {-1}, true).clamp_min(1e-12);
  auto mixed = x.clone();
  mixed[1].mul_(1e30);
  mixed[2].mul_(1e-30);
  mixed[3].mul_(1e-40);  // so small that it has few digits itself
  mixed[4].zero_();
  const auto unit = l2_normalized(mixed);
  EXPECT_TRUE(at::equal(l2_normalized(x), plain));
  for (const int64_t ordinary : {0, 5}) EXPECT_TRUE(at::equal(unit[ordinary], plain[ordinary]));
  for (const int64_t scaled : {1, 2}) EXPECT_TRUE(at::allclose(unit[scaled], plain[scaled], 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(unit[3], plain[3], 1e-3, 1e-3));
  EXPECT_TRUE(at::equal(unit[4], at::zeros({8})));
}

TEST(Normalized, has_the_gradient_of_its_definition_at_every_length) {
  at::manual_seed(6);
  const auto direction = at::randn({1, 5}, at::kDouble), weights = at::randn({1, 5});
  for (const double length : {1.0, 1e-20, 1e20}) {
    auto x = (direction * length).to(at::kFloat).requires_grad_(true);
    (l2_normalized(x) * weights).sum().backward();
    auto y = direction.clone().requires_grad_(true);
    ((y / y.norm()) * weights).sum().backward();
    EXPECT_TRUE(at::allclose(x.grad().to(at::kDouble) * length, y.grad(), 1e-4, 1e-5)) << length;
  }
}

TEST(InnerProducts, of_rows_with_themselves_are_those_of_any_two) {
  at::manual_seed(2);
  for (const int64_t count : {5, 600}) {
    const auto x = at::randn({count, 7}, at::kDouble).requires_grad_(true);
    const auto y = x.detach().clone().requires_grad_(true);
    const auto found = inner_products(x, x), expected = y.matmul(y.t());
    EXPECT_LT((found - expected).abs().max().item<double>(), 1e-12);
    const auto factor = at::randn({count, count}, at::kDouble);  // not symmetric
    (found * factor).sum().backward();
    (expected * factor).sum().backward();
    EXPECT_LT((x.grad() - y.grad()).abs().max().item<double>(), 1e-10);
  }
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
