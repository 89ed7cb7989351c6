#include "host/encoding/feature_views.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "host/data/views.hpp"
#include "host/training_data/feature_map_reader.hpp"
#include "kindred/io/npy.hpp"
#include "sample_list.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using testing::sample_list;

/// Map (2, 3, 4) of a sample: every number tells the sample and the place.
at::Tensor maps(int64_t first, int64_t count) {
  return at::arange(first * 24, (first + count) * 24).to(at::kFloat).reshape({count, 2, 3, 4});
}

TEST(FeatureViews, finds_rows_by_sample_and_view_whatever_array_they_are_in) {
  FeatureViews views;
  views.add(kPlainView, sample_list({0, 2, 4}), at::cat({maps(0, 1), maps(2, 1), maps(4, 1)}).to(at::kHalf),
            false);
  views.add(kPlainView, sample_list({1, 3}), at::cat({maps(1, 1), maps(3, 1)}), false);
  views.add(kMirrorView, sample_list({4}), -maps(4, 1), false);
  const auto rows = views.gather({{SampleIndex{4}, kPlainView},
                                  {SampleIndex{1}, kPlainView},
                                  {SampleIndex{4}, kMirrorView},
                                  {SampleIndex{4}, kPlainView}},
                                 at::kFloat);
  EXPECT_TRUE(at::equal(rows, at::cat({maps(4, 1), maps(1, 1), -maps(4, 1), maps(4, 1)})));
  EXPECT_EQ(views.gather({{SampleIndex{0}, kPlainView}}, at::kBFloat16).scalar_type(), at::kBFloat16);
  EXPECT_THROW(views.gather({{SampleIndex{0}, kMirrorView}}, at::kFloat), std::out_of_range);
  EXPECT_THROW(views.gather({{SampleIndex{9}, kPlainView}}, at::kFloat), std::out_of_range);
  EXPECT_THROW(views.gather({{SampleIndex{0}, 7}}, at::kFloat), std::out_of_range);
}

TEST(FeatureViews, mapped_rows_can_be_read_again_after_their_pages_were_released) {
  const testing::TemporaryFolder folder("views");
  const auto values = at::arange(40 * 5000).to(at::kFloat).reshape({40, 5000});
  write_npy(folder / "rows.npy", values);
  const auto samples = all_samples(40);
  FeatureViews views;
  views.add(kPlainView, samples, map_npy(folder / "rows.npy"), true);
  std::vector<SampleView> all;
  for (auto sample : samples) all.push_back({sample, kPlainView});
  for (int pass = 0; pass < 3; ++pass) EXPECT_TRUE(at::equal(views.gather(all, at::kFloat), values));
}

TEST(FeatureMapReader, gives_the_batches_in_order_as_channels_last) {
  FeatureViews views;
  views.add(kPlainView, sample_list({0, 1, 2, 3}), maps(0, 4), false);
  std::vector<std::vector<SampleView>> batches;
  for (int64_t i = 0; i < 50; ++i)
    batches.push_back({{SampleIndex{i % 4}, kPlainView}, {SampleIndex{(i + 1) % 4}, kPlainView}});
  FeatureMapReader reader(views, batches, at::kFloat);
  for (int64_t i = 0; i < 50; ++i) {
    const auto batch = reader.next();
    EXPECT_EQ(batch.sizes(), (std::vector<int64_t>{2, 4, 2, 3}));
    EXPECT_TRUE(batch.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(at::equal(batch[0], maps(i % 4, 1)[0].permute({2, 0, 1})));
  }
}

TEST(FeatureMapReader, may_be_left_early_and_passes_failures_on) {
  FeatureViews views;
  views.add(kPlainView, sample_list({0}), maps(0, 1), false);
  const std::vector<std::vector<SampleView>> good(20, {{SampleIndex{0}, kPlainView}});
  { FeatureMapReader left(views, good, at::kFloat); }
  FeatureMapReader broken(views, {{{SampleIndex{0}, kPlainView}}, {{SampleIndex{5}, kPlainView}}},
                          at::kFloat);
  EXPECT_NO_THROW(broken.next());
  EXPECT_THROW(broken.next(), std::out_of_range);
}

}  // namespace
}  // namespace kindred::host
