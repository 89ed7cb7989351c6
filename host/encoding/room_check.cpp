#include "host/encoding/room_check.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/base/size_text.hpp"
#include "host/base/system_info.hpp"
#include "host/encoding/row_cache.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// Maps are large: tenths of a mebibyte say nothing.
std::string room_text(uintmax_t bytes) { return size_text(bytes, SizeUnit::mebibytes); }

}  // namespace

void check_room(const std::vector<FeatureRequest>& requests, const EncodingOptions& options,
                const EncoderPart& part, FrozenStages& stages, EntryKeys& keys, Context& context) {
  const auto& cache = options.cache;
  int64_t rows = 0, bytes_per_number = 0;  // of all requests together, by number of their map
  uintmax_t present = 0;
  for (const auto& request : requests) {
    const auto count = static_cast<int64_t>(request.samples.size());
    rows += count;
    bytes_per_number += count * static_cast<int64_t>(at::elementSize(request.stored));
    if (cache.on_disk()) present += RowCache::bytes_present(cache.directory, keys.key(request));
  }
  const auto bytes = [&](int64_t count) {
    return static_cast<uintmax_t>(stages.row_numbers(count) * bytes_per_number);
  };
  if (cache.on_device()) {
    context.info(fmt::format("maps: {} on {}", room_text(bytes(part.first_trained)), stages.kept_on().str()));
    return;
  }
  const auto place = cache.on_disk() ? cache.directory : std::string("memory");
  const auto free = cache.on_disk() ? free_disk_bytes(cache.directory) : available_memory_bytes();
  const auto names = part.encoder->stages();
  const auto& first_trained_stage = names[static_cast<size_t>(part.first_trained)];
  const auto total = bytes(part.first_trained);
  const auto need = total - std::min(present, total);
  context.info(fmt::format("maps before {}: {} of {} numbers, {}, of which {} are there; {} are free in {}",
                           first_trained_stage, rows, stages.row_numbers(part.first_trained),
                           room_text(total), room_text(std::min(present, total)), room_text(free), place));
  if (need <= free) return;
  std::string fitting;
  for (int64_t count = 1; count < part.stage_count; ++count) {
    if (bytes(count) > free) continue;
    fitting += fmt::format("{}{} ({})", fitting.empty() ? "" : ", ", names[static_cast<size_t>(count)],
                           room_text(bytes(count)));
  }
  throw Error(fmt::format(
      "the maps before {} need {} more, but {} has {} free; {}; or lower cache.views, or take another {}",
      first_trained_stage, room_text(need), place, room_text(free),
      fitting.empty() ? "no other stage would fit"
                      : "trained from one of these stages it would fit: " + fitting,
      cache.on_disk() ? "cache.directory" : "cache.type"));
}

}  // namespace kindred::host
