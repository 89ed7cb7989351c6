#include "host/encoding/entry_fill.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "host/base/interrupt.hpp"

namespace kindred::host {
namespace {

constexpr std::chrono::milliseconds kPoll{100};

}  // namespace

EntryFill::EntryFill(ShardSource& shards, BatchesOf batches_of, SkipLog& skips, Progress& progress,
                     Context& context)
    : shards_(shards),
      batches_of_(std::move(batches_of)),
      skips_(skips),
      progress_(progress),
      context_(context) {}

int64_t EntryFill::run() {
  auto part = take();
  for (;;) {
    if (part.shard != nullptr) {
      Part next;
      fill(part, next);
      part = std::move(next);
    } else if (shards_.complete()) {
      return encoded_;
    } else {
      wait();
    }
    if (part.shard == nullptr) part = take();
  }
}

EntryFill::Part EntryFill::take() {
  auto* const shard = shards_.take_shard();
  if (shard == nullptr) return {};
  return {shard, batches_of_(shard->next_row(), shard->end_row())};
}

/// `next`: becomes the shard that follows, where one is free early enough.
void EntryFill::fill(Part& part, Part& next) {
  bool looked_ahead = false;
  while (!part.batches->done()) {
    stop_if_interrupted();
    if (!looked_ahead && part.batches->reading_ends()) {
      next = take();
      looked_ahead = true;
    }
    const auto batch = part.batches->next();
    part.shard->append(batch.rows, batch.skipped);
    encoded_ += batch.rows.size(0);
    skips_.note(batch.skipped);
    progress_.update(shards_.rows_done());
    shards_.gives_sign_of_life();
  }
  shards_.finish(part.shard);
}

void EntryFill::wait() {
  if (!said_that_it_waits_)
    context_.info(fmt::format("waiting for another process that fills {}", shards_.folder()));
  said_that_it_waits_ = true;
  stop_if_interrupted();
  std::this_thread::sleep_for(kPoll);
  progress_.update(shards_.rows_done());
}

void EntryFill::stop_if_interrupted() {
  if (!context_.interrupted()) return;
  shards_.sync();
  throw Interrupted(fmt::format("{} of {} samples are encoded and kept; the next run continues there",
                                shards_.rows_done(), shards_.rows()));
}

}  // namespace kindred::host
