#include "host/cache/remove_entry.hpp"

#include <filesystem>
#include <vector>

#include "host/cache/entry_files.hpp"
#include "host/cache/entry_lock.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr const char* kInUse = "another process fills or opens it now";

/// The files of an entry in the order in which they go. Whenever that stops, what is left is an entry that is
/// filled anew: no array without what was skipped, no progress that counts rows of a later array.
std::vector<fs::path> in_order(const CacheEntry& entry, std::string& foreign) {
  std::vector<fs::path> files = {entry.path(kRowsFile), entry.path(kProgressFile), entry.path(kPartialFile)};
  for (const auto& one : fs::directory_iterator(entry.folder)) {
    const auto name = one.path().filename().string();
    if (!is_entry_file(name) || fs::is_directory(one.symlink_status()))
      foreign = name;
    else if (name != kRowsFile && name != kProgressFile && name != kPartialFile && name != kLockFile)
      files.push_back(one.path());
  }
  files.emplace_back(entry.path(kLockFile));
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
    if (fs::exists(entry.path(kRowsFile)) != entry.complete) return {0, "it changed meanwhile", false};
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

}  // namespace kindred::host
