#include "kindred/search/sign_codes.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kindred/exact_search.hpp"

namespace kindred {
namespace {

TEST(SignCodes, have_the_side_of_the_mean_in_a_bit_of_each_number) {
  const auto rows = at::tensor({1.0F, 5.0F, 3.0F, 5.0F, 2.0F, 5.0F}).view({3, 2});
  const auto codes = SignCodes::learn(TensorRows(rows));
  EXPECT_TRUE(at::equal(codes.mean, at::tensor({2.0F, 5.0F})));
  EXPECT_TRUE(at::allclose(codes.deviation, at::tensor({2.0F / 3, 0.0F})));
  EXPECT_TRUE(at::equal(codes.encoded(rows), at::tensor({0, 1, 0}, at::kByte).view({3, 1})));
  EXPECT_TRUE(
      at::allclose(codes.decoded(codes.encoded(rows)),
                   at::tensor({2 - 2.0F / 3, 5.0F, 2 + 2.0F / 3, 5.0F, 2 - 2.0F / 3, 5.0F}).view({3, 2})));
}

TEST(SignCodes, are_learned_from_parts_as_from_the_whole) {
  at::manual_seed(4);
  const int64_t count = 9000, width = 1001;  // several parts, and a last byte that is not full
  const auto rows = (at::randn({count, width}) + 3).to(at::kHalf);
  const auto codes = SignCodes::learn(TensorRows(rows));
  const auto plain = rows.to(at::kDouble), mean = plain.mean(0), deviation = (plain - mean).abs().mean(0);
  EXPECT_LE((codes.mean - mean).abs().max().item<double>(), 1e-6);
  EXPECT_LE((codes.deviation - deviation).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(codes.code_bytes(), 126);
  const auto some = rows.slice(0, 100, 110), decoded = codes.decoded(codes.encoded(some));
  const auto expected = mean + deviation * (some.to(at::kDouble) - mean).sign();
  EXPECT_LE((decoded - expected).abs().max().item<double>(), 1e-5);
}

}  // namespace
}  // namespace kindred
