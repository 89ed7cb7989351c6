#include "host/encoding/row_cache.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "host/base/clock.hpp"
#include "host/base/content_hash.hpp"
#include "host/base/size_text.hpp"
#include "host/base/system_info.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/new_file.hpp"
#include "host/cache/shard_files.hpp"
#include "host/encoding/skipped_list.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kRefreshSeconds = 2;  // others sync no more often

/// Writes the description of an entry to `file`, unless one is there; returns the text whose checksum the
/// records have. One that was begun elsewhere may say something else of its data, on which no key depends.
std::string description_kept(const json& described, const std::string& file) {
  const auto text = json_text(described, 2) + "\n";
  if (!fs::exists(file) && write_new_file(file, text)) return text;
  auto kept_text = read_file(file);
  auto kept = json::parse(kept_text, nullptr, false), asked = described;
  if (!kept.is_object()) return text;
  kept.erase("data");
  asked.erase("data");
  return kept == asked ? kept_text : text;
}

std::string hash_of(const std::string& text) {
  ContentHash hash;
  hash.add(text);
  return hash.hex();
}

EntryRows entry_rows(const std::string& folder, at::ScalarType dtype, const std::vector<int64_t>& shape) {
  EntryRows entry{folder, dtype, {shape.begin() + 1, shape.end()}, {}};
  entry.layout = shard_layout(shape.front(), entry.row_bytes());
  return entry;
}

}  // namespace

RowCache::RowCache(const std::string& directory, const std::string& key, at::ScalarType dtype,
                   const std::vector<int64_t>& shape, const json& description, Context& context,
                   std::string machine)
    : directory_(directory),
      key_(key),
      machine_(std::move(machine)),
      entry_(entry_rows((fs::path(directory) / key).string(), dtype, shape)),
      lock_(EntryLock::share(
          entry_.folder,
          [&] { context.info(fmt::format("waiting for another process that removes {}", entry_.folder)); })),
      shards_(static_cast<size_t>(entry_.layout.count())) {
  refresh();
  if (all_complete()) return;
  auto described = description;
  described["shards"] = {{"count", entry_.layout.count()}, {"rows", entry_.layout.shard_rows}};
  meta_hash_ = hash_of(description_kept(described, (fs::path(entry_.folder) / kMetaFile).string()));
  check_free_disk();
}

void RowCache::check_free_disk() const {
  uintmax_t size = 0;
  for (int64_t shard = 0; shard < entry_.layout.count(); ++shard) {
    const auto& one = shards_[static_cast<size_t>(shard)];
    if (one.complete || one.rows_done > 0) return;  // what is there already is not needed again
    size += static_cast<uintmax_t>(entry_.file_bytes(shard));
  }
  const auto free = free_disk_bytes(entry_.folder);
  if (free >= size) return;
  throw Error(
      fmt::format("the cache needs {} in {}, which has {} free; name another cache.directory, or "
                  "use \"type\": \"cpu\"",
                  size_text(size), entry_.folder, size_text(free)));
}

uintmax_t RowCache::bytes_present(const std::string& directory, const std::string& key) {
  const auto folder = fs::path(directory) / key;
  if (!fs::is_directory(folder)) return 0;
  uintmax_t bytes = 0;
  for (const auto& name : shard_files_in(folder.string())) {
    struct stat status {};
    const bool rows = name.kind == ShardFile::rows || name.kind == ShardFile::partial;
    if (!rows || ::stat((folder / text_of(name)).c_str(), &status) != 0) continue;
    // A partial file is sparse where nothing was written.
    bytes += static_cast<uintmax_t>(status.st_blocks) * 512;
  }
  return bytes;
}

/// Reads what others have done.
void RowCache::refresh() {
  const auto count = entry_.layout.count();
  for (const auto& name : shard_files_in(entry_.folder)) {
    if (name.count != count) continue;
    auto& shard = shards_[static_cast<size_t>(name.shard)];
    if (name.kind == ShardFile::rows) shard.complete = true;
    // What another machine began is not continued here.
    if (name.kind != ShardFile::progress || name.machine != machine_ || shard.complete || shard.writer)
      continue;
    const auto progress = read_shard_progress(entry_.path(name.shard, ShardFile::progress, machine_),
                                              entry_.layout.rows_of(name.shard));
    shard.rows_done = progress ? progress->rows : 0;
  }
  last_refresh_ = now_seconds();
}

bool RowCache::all_complete() const {
  return std::all_of(shards_.begin(), shards_.end(), [](const Shard& shard) { return shard.complete; });
}

bool RowCache::complete() {
  if (!all_complete()) refresh();
  return all_complete();
}

int64_t RowCache::rows_done() {
  if (now_seconds() - last_refresh_ > kRefreshSeconds && lock_.others_fill()) refresh();
  int64_t rows = 0;
  for (int64_t shard = 0; shard < entry_.layout.count(); ++shard) rows += rows_done(shard);
  return rows;
}

int64_t RowCache::rows_done(int64_t shard) const {
  const auto& one = shards_.at(static_cast<size_t>(shard));
  return one.complete ? entry_.layout.rows_of(shard) : one.writer ? one.writer->rows_done() : one.rows_done;
}

ShardWriter* RowCache::take_shard() {
  for (int64_t shard = 0; shard < entry_.layout.count(); ++shard) {
    if (auto* const writer = take_shard(shard, [] { return true; })) return writer;
  }
  return nullptr;
}

ShardWriter* RowCache::take_shard(int64_t shard, const std::function<bool()>& allowed) {
  auto& one = shards_.at(static_cast<size_t>(shard));
  if (one.complete || one.writer) return nullptr;
  auto lock = lock_.try_take_shard(shard);
  if (!lock) return nullptr;
  one.complete = fs::exists(entry_.path(shard, ShardFile::rows));
  if (one.complete || !allowed()) return nullptr;
  one.writer = std::make_unique<ShardWriter>(entry_, shard, std::move(*lock), meta_hash_, machine_);
  return one.writer.get();
}

void RowCache::finish(ShardWriter* shard) {
  shard->finish();
  auto& one = shards_.at(static_cast<size_t>(shard->shard()));
  one.complete = true;
  one.writer.reset();
}

void RowCache::sync() {
  for (const auto& shard : shards_) {
    if (shard.writer) shard.writer->sync();
  }
}

std::vector<RowBlock> RowCache::open(std::vector<SkippedSample>& skipped) const {
  std::vector<RowBlock> blocks;
  skipped.clear();
  try {
    for (int64_t shard = 0; shard < entry_.layout.count(); ++shard) {
      blocks.push_back({entry_.layout.first(shard), open_shard(shard)});
      const auto more = skipped_of(shard);
      skipped.insert(skipped.end(), more.begin(), more.end());
    }
  } catch (const Error& error) {
    throw Error(
        fmt::format("{}; remove the entry with `host cache clear '{}' --key {}`, the next run fills it again",
                    error.what(), directory_, key_));
  }
  return blocks;
}

at::Tensor RowCache::open_shard(int64_t shard) const {
  const auto path = entry_.path(shard, ShardFile::rows);
  std::error_code unknown;
  const auto size = fs::file_size(path, unknown);
  const auto promised = static_cast<uintmax_t>(entry_.file_bytes(shard));
  if (!unknown && size != promised) {
    throw Error(fmt::format("{} has {} bytes where its key promises {}", path, size, promised));
  }
  auto array = map_npy(path);
  if (array.sizes() != at::IntArrayRef(entry_.shard_shape(shard)) ||
      array.scalar_type() != entry_.file_dtype()) {
    throw Error(path + " has another shape or dtype than its key promises");
  }
  return array.view(entry_.dtype);
}

std::vector<SkippedSample> RowCache::skipped_of(int64_t shard) const {
  const auto path = entry_.path(shard, ShardFile::record);
  const auto record = json::parse(read_file(path), nullptr, false);
  if (!record.is_object() || !record.contains("skipped") || !is_skipped_list(record["skipped"]))
    throw Error(path + " has no list of skipped samples");
  return skipped_from(record["skipped"]);
}

}  // namespace kindred::host
