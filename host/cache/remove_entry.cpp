#include "host/cache/remove_entry.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "host/cache/entry_files.hpp"
#include "host/cache/entry_lock.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr const char* kInUse = "another process fills or opens it now";

/// When a file goes: the rows first, then progress, the lock last.
int turn_of(const std::string& name) {
  if (name == kLockFile) return 4;
  const auto shard = parse_shard_file(name);
  if (name == "rows.npy" || (shard && shard->kind == ShardFile::rows)) return 0;
  if (name == "progress.json" || (shard && shard->kind == ShardFile::progress)) return 1;
  if (name == "rows.npy.partial" || (shard && shard->kind == ShardFile::partial)) return 2;
  return 3;
}

/// The files of an entry in the order in which they go. Whenever that stops, what is left is an entry whose
/// missing shards are filled anew: no array without what was skipped, no progress that counts rows of a later
/// array. `foreign`: a name of what is no file of an entry.
std::vector<fs::path> in_order(const CacheEntry& entry, std::string& foreign) {
  std::vector<fs::path> files;
  for (const auto& one : fs::directory_iterator(entry.folder)) {
    const auto name = one.path().filename().string();
    if (!is_entry_file(name) || fs::is_directory(one.symlink_status()))
      foreign = name;
    else
      files.push_back(one.path());
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return turn_of(a.filename().string()) < turn_of(b.filename().string());
  });
  return files;
}

}  // namespace

Removal remove_entry(const CacheEntry& entry, bool dry_run) {
  Removal done;
  try {
    if (dry_run) {
      if (EntryLock::is_held(entry.folder)) return {0, kInUse, false};
      return {entry.bytes, "", false};
    }
    if (!fs::exists(entry.folder)) return done;  // somebody else was faster
    const auto lock = EntryLock::try_take(entry.folder);
    if (!lock) return {0, kInUse, false};
    // --partial must not take away what was finished meanwhile.
    if (is_complete_entry(entry.folder) != entry.complete) return {0, "it changed meanwhile", false};
    std::string foreign;
    for (const auto& file : in_order(entry, foreign)) fs::remove(file);
    done.freed = entry.bytes;
    if (!foreign.empty()) {
      done.left = "its folder holds " + foreign + ", which is no part of a cache";
    } else {
      std::error_code filled_again;  // by a process that waited: then the folder is a new entry
      fs::remove(entry.folder, filled_again);
    }
  } catch (const Error& error) {
    done.left = error.what();
    done.failed = true;
  } catch (const fs::filesystem_error& error) {
    done.left = "cannot remove " + error.path1().string() + ": " + error.code().message();
    done.failed = true;
  }
  return done;
}

Removal remove_list(const KeptList& list, bool dry_run) {
  std::error_code failed;
  if (!dry_run) fs::remove(list.path, failed);
  if (failed) return {0, "cannot remove " + list.path + ": " + failed.message(), true};
  return {list.bytes, "", false};
}

}  // namespace kindred::host
