#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/cache/cache_folder.hpp"
#include "host/cli/command_line.hpp"

namespace kindred::host {

/// The entries that the options of `host cache clear` choose; without options all of them.
class CacheChoice {
 public:
  /// Throws UsageError, also where one of the options is given with an action other than clear.
  CacheChoice(const CommandLine& command, const std::string& action);

  /// A list belongs to no entry, so that --partial, --earlier and --key leave it.
  bool has(const KeptList& list, int64_t now) const;
  /// `now` is Unix time in seconds.
  bool has(const CacheEntry& entry, int64_t now) const;
  /// Throws Error for a key that no entry has: it is mistyped, or of another cache.
  void check_keys(const CacheFolder& cache) const;
  bool dry_run() const { return dry_run_; }

 private:
  bool is_old_enough(int64_t last_use, int64_t now) const;
  std::vector<std::string> keys_;
  bool partial_, earlier_, dry_run_;
  double days_ = 0;
};

}  // namespace kindred::host
