#include "host/base/random_streams.hpp"

#include <gtest/gtest.h>

#include <set>

namespace kindred::host {
namespace {

constexpr uint64_t kSeed = 42;
const Stream kStreams[] = {Stream::train_classes,    Stream::validation_classes, Stream::step,
                           Stream::validation_order, Stream::bootstrap,          Stream::chosen_views,
                           Stream::validation_draw,  Stream::part_of_batch,      Stream::shown_queries,
                           Stream::augmentation};

TEST(RandomStreams, two_purposes_never_draw_the_same) {
  std::set<uint64_t> first_draws;
  size_t count = 0;
  for (const auto stream : kStreams) {
    first_draws.insert(random_stream(kSeed, stream).next());
    ++count;
    for (int64_t epoch = 0; epoch < 12; ++epoch) {
      for (int64_t step = 0; step < 12; ++step) {
        for (int64_t part = 0; part < 3; ++part, ++count)
          first_draws.insert(random_stream(kSeed, stream, epoch, step, part).next());
      }
    }
  }
  for (int64_t view = 1; view < 12; ++view) {
    for (int64_t sample = 0; sample < 12; ++sample) {
      for (int64_t place = 0; place < 3; ++place, ++count)
        first_draws.insert(Random(kSeed, view_stream(view), sample, place).next());
    }
  }
  EXPECT_EQ(first_draws.size(), count);
}

TEST(RandomStreams, the_keys_of_views_lie_beyond_those_of_purposes) {
  for (int64_t view = 1; view <= 256; ++view) EXPECT_GT(view_stream(view), uint64_t{1} << 63);
}

TEST(RandomStreams, a_stream_repeats_itself_and_follows_the_seed) {
  EXPECT_EQ(random_stream(kSeed, Stream::step, 1, 2).next(), random_stream(kSeed, Stream::step, 1, 2).next());
  EXPECT_NE(random_stream(kSeed, Stream::step, 1, 2).next(), random_stream(43, Stream::step, 1, 2).next());
}

}  // namespace
}  // namespace kindred::host
