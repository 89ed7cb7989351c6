#include "host/cache/cache_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/cache/array_header.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/entry_lock.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr size_t kKeyDigits = 32;
constexpr size_t kTemporaryEnd = 7;  // ".XXXXXX" of write_file_atomically

/// What a killed write_file_atomically(`known`) leaves. One in 200 such names has neither digit nor capital;
/// it is not recognised, so that somebody's meta.json.backup is not either.
bool is_temporary_of(const std::string& known, const std::string& name) {
  return name.size() == known.size() + kTemporaryEnd && name.compare(0, known.size() + 1, known + ".") == 0 &&
         name.find_first_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", known.size()) != std::string::npos;
}

/// A folder named like a fingerprint that holds what a fill makes first. Neither alone is enough: what is
/// taken for an entry can be removed.
bool is_entry(const fs::directory_entry& one) {
  const auto name = one.path().filename().string();
  if (name.size() != kKeyDigits || name.find_first_not_of("0123456789abcdef") != std::string::npos ||
      !fs::is_directory(one.symlink_status())) {
    return false;
  }
  return fs::exists(one.path() / kRowsFile) || fs::exists(one.path() / kPartialFile) ||
         fs::exists(one.path() / kLockFile);
}

/// The member's text, or "".
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

void read_description(CacheEntry& entry) {
  const auto meta = parse_file(entry.path(kMetaFile));
  if (!meta.is_object()) return;
  entry.dataset = text_at(meta, "/dataset/0"_json_pointer);
  entry.encoder = text_at(meta, "/encoder/id"_json_pointer);
  entry.stage = text_at(meta, "/stage"_json_pointer);
  entry.view = text_at(meta, "/view"_json_pointer);
  const auto random = "/view/random"_json_pointer, seed = "/view/seed"_json_pointer;
  if (meta.contains(random)) {
    entry.view = "random " + meta[random].dump();
    if (meta.contains(seed)) entry.view += " of seed " + meta[seed].dump();
  }
  if (meta.contains("samples") && meta["samples"].is_number_unsigned()) entry.rows = meta["samples"];
}

void read_rows(CacheEntry& entry) {
  try {
    const auto header = read_array_header(entry.path(entry.complete ? kRowsFile : kPartialFile));
    entry.shape = header.shape;
    entry.dtype = header.dtype;
    entry.rows = header.shape.front();
  } catch (const Error&) {
    // Then the description's number of samples has to do.
  }
  if (entry.complete) {
    entry.rows_done = entry.rows;
  } else {
    entry.rows_done = 0;
    const auto progress = parse_file(entry.path(kProgressFile));
    if (progress.is_object() && progress.contains("rows") && progress["rows"].is_number_unsigned())
      entry.rows_done = progress["rows"];
  }
}

CacheEntry read_entry(const std::string& directory, const std::string& key) {
  CacheEntry entry;
  entry.key = key;
  entry.folder = (fs::path(directory) / key).string();
  entry.complete = fs::exists(entry.path(kRowsFile));
  entry.in_use = EntryLock::is_held(entry.folder);
  read_description(entry);
  read_rows(entry);
  for (const auto& file : fs::directory_iterator(entry.folder)) {
    struct stat status {};
    if (!is_entry_file(file.path().filename().string()) || ::lstat(file.path().c_str(), &status) != 0)
      continue;
    entry.bytes += static_cast<uintmax_t>(status.st_blocks) * 512;  // a partial array is sparse
    entry.last_use = std::max(entry.last_use, static_cast<int64_t>(status.st_mtime));
  }
  return entry;
}

}  // namespace

std::string CacheEntry::path(const char* file) const { return (fs::path(folder) / file).string(); }

bool is_entry_file(const std::string& name) {
  for (const char* known : {kRowsFile, kPartialFile, kLockFile}) {
    if (name == known) return true;
  }
  for (const char* known : {kMetaFile, kProgressFile, kSkippedFile, kChecksumFile}) {
    if (name == known || is_temporary_of(known, name)) return true;
  }
  return false;
}

int64_t unix_time() { return static_cast<int64_t>(std::time(nullptr)); }

CacheFolder read_cache_folder(const std::string& directory) {
  if (!fs::is_directory(directory)) {
    throw Error(
        "there is no folder " + directory +
        "; name the folder of a cache, or a pipeline file that was run, whose cache.directory is taken");
  }
  CacheFolder cache{directory, {}, {}};
  for (const auto& one : fs::directory_iterator(directory)) {
    const auto name = one.path().filename().string();
    if (is_entry(one))
      cache.entries.push_back(read_entry(directory, name));
    else
      cache.others.push_back(name);
  }
  std::sort(cache.others.begin(), cache.others.end());
  std::sort(cache.entries.begin(), cache.entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return a.last_use != b.last_use ? a.last_use > b.last_use : a.key < b.key;
  });
  if (cache.entries.empty() && !cache.others.empty()) {
    throw Error(directory + " does not look like a cache: it holds " + cache.others.front() +
                (cache.others.size() > 1 ? " and " + std::to_string(cache.others.size() - 1) + " more" : "") +
                ", but no entry, which is a folder named by 32 hexadecimal digits with rows in it; name the "
                "folder that cache.directory of the pipeline names, or the pipeline file");
  }
  return cache;
}

}  // namespace kindred::host
