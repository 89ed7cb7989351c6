#include "host/cache/cache_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "host/cache/array_header.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/entry_lock.hpp"
#include "host/cache/shard_files.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// A folder named like a fingerprint that holds what a fill makes first. Neither alone is enough: what is
/// taken for an entry can be removed.
bool is_entry(const fs::directory_entry& one) {
  if (!is_entry_key(one.path().filename().string()) || !fs::is_directory(one.symlink_status())) return false;
  const auto folder = one.path().string();
  return fs::exists(one.path() / kLockFile) || has_earlier_rows(folder) || !shard_files_in(folder).empty();
}

/// Returns the text at `place`, or "" where there is none.
std::string text_at(const json& object, const json::json_pointer& place) {
  return object.contains(place) && object[place].is_string() ? object[place].get<std::string>() : "";
}

json parse_file(const std::string& path) {
  try {
    return json::parse(read_file(path), nullptr, false);
  } catch (const Error&) {
    return json::value_t::discarded;  // listing goes on; verifying says why
  }
}

void read_description(CacheEntry& entry, const json& meta) {
  if (!meta.is_object()) return;
  entry.dataset = text_at(meta, "/dataset/0"_json_pointer);
  entry.encoder = text_at(meta, "/encoder/id"_json_pointer);
  entry.stage = text_at(meta, "/stage"_json_pointer);
  entry.view = text_at(meta, "/view"_json_pointer);
  const auto random = "/view/random"_json_pointer, seed = "/view/seed"_json_pointer;
  if (meta.contains(random)) {
    entry.view = "random " + json_text(meta[random]);
    if (meta.contains(seed)) entry.view += " of seed " + json_text(meta[seed]);
  }
  entry.data = text_at(meta, "/data/files"_json_pointer);
  const auto samples = "/data/samples"_json_pointer;
  if (meta.contains(samples) && meta[samples].is_number_unsigned()) entry.data_samples = meta[samples];
  if (meta.contains("samples") && meta["samples"].is_number_unsigned()) entry.rows = meta["samples"];
  const auto count = "/shards/count"_json_pointer;
  if (meta.contains(count) && meta[count].is_number_unsigned()) entry.shards = meta[count];
}

/// Dtype and shape of a row are those of any shard. Gives the number of rows that the shard has, or -1.
int64_t read_header(CacheEntry& entry, const ShardFileName& name) {
  try {
    const auto header = read_array_header(entry.path(text_of(name)));
    entry.dtype = header.dtype;
    entry.shape = header.shape;
    return header.shape.front();
  } catch (const Error&) {
    return -1;  // listing goes on; verifying says why
  }
}

/// What the shards' files tell. Their names say how many there are, whatever became of the description.
void read_shards(CacheEntry& entry, const std::vector<ShardFileName>& files) {
  if (!files.empty()) entry.shards = shard_count(files);
  entry.shards_done = 0;
  bool damaged = false;
  std::map<int64_t, int64_t> done;  // rows by shard; of several machines that fill one the furthest counts
  for (const auto& name : files) {
    if (name.count != entry.shards) continue;
    auto& most = done[name.shard];
    if (name.kind == ShardFile::rows) {
      const auto rows = read_header(entry, name);
      ++entry.shards_done;
      damaged = damaged || rows < 0;
      most = std::max(most, rows);
    } else if (name.kind == ShardFile::partial) {
      const auto rows = read_header(entry, name);
      auto progress_name = name;
      progress_name.kind = ShardFile::progress;
      const auto progress = read_shard_progress(entry.path(text_of(progress_name)), rows);
      if (rows >= 0 && progress) most = std::max(most, progress->rows);
    }
  }
  entry.rows_done = 0;
  for (const auto& [shard, rows] : done) entry.rows_done += rows;
  entry.complete = entry.shards_done == entry.shards;
  if (entry.complete && damaged) entry.rows_done = -1;
  if (entry.complete && entry.rows < 0) entry.rows = entry.rows_done;
  if (entry.rows >= 0) entry.rows_done = std::min(entry.rows_done, entry.rows);
  if (!entry.shape.empty() && entry.rows >= 0) entry.shape.front() = entry.rows;
}

/// One that was killed before its array was begun is known by a description that tells no shards.
bool is_earlier(const std::string& folder, const std::vector<ShardFileName>& files, const json& meta) {
  if (!files.empty()) return false;
  return has_earlier_rows(folder) || (meta.is_object() && !meta.contains("shards"));
}

CacheEntry read_entry(const std::string& directory, const std::string& key) {
  CacheEntry entry;
  entry.key = key;
  entry.folder = (fs::path(directory) / key).string();
  entry.in_use = EntryLock::is_held(entry.folder);
  const auto meta = parse_file(entry.path(kMetaFile));
  read_description(entry, meta);
  const auto files = shard_files_in(entry.folder);
  entry.earlier_layout = is_earlier(entry.folder, files, meta);
  if (entry.earlier_layout)
    entry.complete = has_complete_earlier_rows(entry.folder);
  else
    read_shards(entry, files);
  for (const auto& file : fs::directory_iterator(entry.folder)) {
    struct stat status {};
    if (!is_entry_file(file.path().filename().string()) || ::lstat(file.path().c_str(), &status) != 0)
      continue;
    entry.bytes += static_cast<uintmax_t>(status.st_blocks) * 512;  // a partial array is sparse
    entry.last_use = std::max(entry.last_use, static_cast<int64_t>(status.st_mtime));
  }
  return entry;
}

bool is_list(const fs::directory_entry& one) {
  return is_kept_list(one.path().filename().string()) && fs::is_regular_file(one.symlink_status());
}

KeptList read_list(const fs::path& path) {
  KeptList list{path.filename().string(), path.string(), 0, 0};
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    list.bytes = static_cast<uintmax_t>(status.st_blocks) * 512;
    list.last_use = static_cast<int64_t>(status.st_mtime);
  }
  return list;
}

}  // namespace

std::string CacheEntry::path(const std::string& file) const { return (fs::path(folder) / file).string(); }

bool is_complete_entry(const std::string& folder) {
  const auto files = shard_files_in(folder);
  if (files.empty()) return has_complete_earlier_rows(folder);
  const auto count = shard_count(files);
  return std::count_if(files.begin(), files.end(), [count](const ShardFileName& name) {
           return name.kind == ShardFile::rows && name.count == count;
         }) == count;
}

size_t count_earlier_entries(const std::string& directory) {
  if (!fs::is_directory(directory)) return 0;
  size_t count = 0;
  for (const auto& one : fs::directory_iterator(directory)) {
    if (!is_entry(one)) continue;
    const auto folder = one.path().string();
    const auto files = shard_files_in(folder);
    if (files.empty() && is_earlier(folder, files, parse_file((one.path() / kMetaFile).string()))) ++count;
  }
  return count;
}

int64_t unix_time() { return static_cast<int64_t>(std::time(nullptr)); }

CacheFolder read_cache_folder(const std::string& directory) {
  if (!fs::is_directory(directory)) {
    throw Error(
        "there is no folder " + directory +
        "; name the folder of a cache, or a pipeline file that was run, whose cache.directory is taken");
  }
  CacheFolder cache{directory, {}, {}, {}};
  for (const auto& one : fs::directory_iterator(directory)) {
    const auto name = one.path().filename().string();
    if (is_entry(one))
      cache.entries.push_back(read_entry(directory, name));
    else if (is_list(one))
      cache.lists.push_back(read_list(one.path()));
    else
      cache.others.push_back(name);
  }
  std::sort(cache.others.begin(), cache.others.end());
  std::sort(cache.lists.begin(), cache.lists.end(),
            [](const KeptList& a, const KeptList& b) { return a.name < b.name; });
  std::sort(cache.entries.begin(), cache.entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return a.last_use != b.last_use ? a.last_use > b.last_use : a.key < b.key;
  });
  if (cache.entries.empty() && cache.lists.empty() && !cache.others.empty()) {
    throw Error(directory + " does not look like a cache: it holds " + cache.others.front() +
                (cache.others.size() > 1 ? " and " + std::to_string(cache.others.size() - 1) + " more" : "") +
                ", but no entry, which is a folder named by 32 hexadecimal digits with rows in it; name the "
                "folder that cache.directory of the pipeline names, or the pipeline file");
  }
  return cache;
}

}  // namespace kindred::host
