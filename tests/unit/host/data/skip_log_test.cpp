#include "host/data/skip_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/error.hpp"
#include "sample_list.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using kindred::testing::sample_list;
using ::testing::HasSubstr;

TEST(SkipLog, counts_a_sample_once_and_stops_beyond_the_share_that_is_allowed) {
  LoadingOptions options;
  Context context;
  options.max_skipped = 0.02;
  SkipLog log(options, 100, context);
  log.note({{SampleIndex{3}, "c.jpg", "cut off"}, {SampleIndex{5}, "e.jpg", "empty"}});
  log.note({{SampleIndex{3}, "c.jpg", "cut off"}});
  EXPECT_EQ(log.all().size(), 2u);
  auto samples = sample_list({2, 3, 4, 5});
  log.remove_from(samples);
  EXPECT_EQ(samples, sample_list({2, 4}));
  const auto error = testing::thrown([&] { log.note({{SampleIndex{7}, "g.jpg", "not a picture"}}); });
  EXPECT_THAT(error, HasSubstr("3 of 100"));
  EXPECT_THAT(error, HasSubstr("data.max_skipped = 0.02"));
  EXPECT_THAT(error, HasSubstr("c.jpg: cut off"));
}

TEST(SkipLog, fails_at_the_first_one_when_told_so) {
  LoadingOptions options;
  Context context;
  options.on_error = OnError::fail;
  options.max_skipped = 1;
  SkipLog log(options, 10, context);
  EXPECT_NO_THROW(log.note({}));
  EXPECT_THAT(testing::thrown([&] {
                log.note({{SampleIndex{1}, "b.jpg", "cut off"}});
              }),
              HasSubstr("b.jpg cannot be read: cut off"));
}

}  // namespace
}  // namespace kindred::host
