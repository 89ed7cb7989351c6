#include "host/refinement/pca_whitening.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

/// Rows whose columns vary together and by very different amounts.
at::Tensor made_rows(int64_t count) {
  const auto scales = at::tensor({5.0F, 2.0F, 1.0F, 0.5F, 0.25F, 0.1F});
  const auto mixed = at::mm(at::randn({count, 6}) * scales, at::randn({6, 6}));
  return mixed + at::arange(6).to(at::kFloat);
}

TEST(PcaWhitening, what_it_was_learned_from_varies_alike_and_independently_in_the_directions_that_vary_most) {
  const auto rows = made_rows(4000);
  const auto whitening = PcaWhitening::learn(rows, 4);
  ASSERT_EQ(whitening.dimension(), 4);
  ASSERT_EQ(whitening.input_dimension(), 6);
  // Before the last step, which brings rows to length 1, the covariance is the identity. That step is undone
  // here by the definition, in float64.
  const auto unit = l2_normalized(rows).to(at::kDouble);
  const auto centred = unit - unit.mean(0);
  const auto covariance = at::mm(centred.t(), centred) / 4000;
  const auto [values, vectors] = at::linalg_eigh(covariance, "L");
  const auto top = vectors.flip(1).slice(1, 0, 4), deviation = values.flip(0).slice(0, 0, 4).sqrt();
  const auto expected = l2_normalized(at::mm(centred, top) / deviation);
  const auto found = whitening.apply(rows).to(at::kDouble);
  // A direction is known up to its sign.
  EXPECT_LE((found.abs() - expected.abs()).abs().max().item<double>(), 2e-4);
  EXPECT_LE((at::mm(found, found.t()) - at::mm(expected, expected.t())).abs().max().item<double>(), 5e-4);
  const auto spread = at::mm((at::mm(centred, top) / deviation).t(), at::mm(centred, top) / deviation) / 4000;
  EXPECT_LE((spread - at::eye(4, at::kDouble)).abs().max().item<double>(), 1e-9);
}

TEST(PcaWhitening, does_not_depend_on_the_length_of_rows) {
  const auto rows = made_rows(100);
  const auto whitening = PcaWhitening::learn(rows, 3);
  EXPECT_LE((whitening.apply(rows * 7) - whitening.apply(rows)).abs().max().item<float>(), 1e-5F);
  const auto lengths = whitening.apply(rows).norm(2, {1});
  EXPECT_LE((lengths - 1).abs().max().item<float>(), 1e-5F);
}

TEST(PcaWhitening, more_directions_than_there_are_is_an_error_that_says_how_many_there_are) {
  EXPECT_THAT(testing::thrown([] { PcaWhitening::learn(made_rows(50), 7); }), HasSubstr("embeddings have 6"));
  EXPECT_THAT(testing::thrown([] { PcaWhitening::learn(made_rows(4), 4); }),
              HasSubstr("the 4 rows vary in 3"));
  EXPECT_THAT(testing::thrown([] {
                PcaWhitening::learn(at::empty({0, 6}), 1);
              }),
              HasSubstr("the 0 rows vary in 0"));
  EXPECT_THAT(testing::thrown([] {
                PcaWhitening::learn(made_rows(50), 3).apply(at::ones({2, 5}));
              }),
              HasSubstr("embeddings of 6 numbers and was given ones of 5"));
}

TEST(PcaWhitening, is_read_as_it_was_written_and_damaged_files_are_refused) {
  const testing::TemporaryFolder folder("whitening");
  const auto rows = made_rows(60);
  const auto whitening = PcaWhitening::learn(rows, 4);
  whitening.save(folder.path().string());
  EXPECT_TRUE(at::equal(PcaWhitening::load(folder.path().string()).apply(rows), whitening.apply(rows)));
  const auto mean = folder / "whitening_mean.npy", projection = folder / "whitening_projection.npy";
  const auto good = map_npy(projection).clone();
  for (const auto& bad : {at::ones({4, 5}), at::ones({7, 6}), at::full({4, 6}, NAN),
                          at::ones({4, 6}).to(at::kDouble), at::ones({6}), at::empty({0, 6})}) {
    write_npy(projection, bad);
    EXPECT_THAT(testing::thrown([&] { PcaWhitening::load(folder.path().string()); }),
                HasSubstr("whitening_projection.npy"));
  }
  write_npy(projection, good);
  const auto bytes = read_file(mean);
  write_file_atomically(mean, bytes.substr(0, bytes.size() - 3));
  EXPECT_THAT(testing::thrown([&] { PcaWhitening::load(folder.path().string()); }),
              HasSubstr("whitening_mean.npy"));
}

}  // namespace
}  // namespace kindred::host
