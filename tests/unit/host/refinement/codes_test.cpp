#include "host/refinement/codes.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kindred/distance.hpp"

namespace kindred::host {
namespace {

TEST(Codes, int8_is_within_half_a_step_of_each_number) {
  auto rows = at::randn({50, 13});
  rows[3].zero_();
  const CodedRows coded(CodeKind::int8, rows);
  const auto step = std::get<0>(rows.abs().max(1, true)) / 127;
  EXPECT_TRUE(((coded.decoded(0, 50) - rows).abs() <= step * 0.5001).all().item<bool>());
  EXPECT_TRUE(at::equal(coded.decoded(3, 4), at::zeros({1, 13})));
  EXPECT_EQ(coded.bytes_per_row(), 13 + 4);
}

TEST(Codes, binary_says_on_which_side_of_the_mean_each_number_lies) {
  const auto rows = at::rand({300, 19}) + 5;  // never negative: the sign alone would say nothing
  const CodedRows coded(CodeKind::binary, rows);
  const auto mean = rows.mean(0), deviation = (rows - mean).abs().mean(0);
  const auto expected = mean + deviation * (rows - mean).sign();
  EXPECT_LE((coded.decoded(0, 300) - expected).abs().max().item<float>(), 1e-6F);
  EXPECT_LE((coded.decoded(17, 40) - expected.slice(0, 17, 40)).abs().max().item<float>(), 1e-6F);
  EXPECT_EQ(coded.bytes_per_row(), 3);
}

TEST(Codes, scores_order_as_distances_to_what_the_codes_say) {
  const auto rows = at::randn({5000, 16}), queries = at::randn({3, 16});
  for (const auto kind : {CodeKind::int8, CodeKind::binary}) {
    const CodedRows coded(kind, rows);
    for (const Distance distance : {Distance(Distance::cosine), Distance(Distance::euclidean),
                                    Distance(Distance::manhattan), Distance(Distance::dot)}) {
      const auto asked = distance.kind == Distance::cosine ? l2_normalized(queries) : queries;
      const auto scores = coded.scores(distance, asked);
      const auto distances = distance_matrix(distance, asked, coded.decoded(0, 5000));
      const auto nearest = std::get<1>(scores.max(1, true));
      EXPECT_LE(
          (distances.gather(1, nearest) - std::get<0>(distances.min(1, true))).abs().max().item<float>(),
          1e-4F);
    }
  }
}

}  // namespace
}  // namespace kindred::host
