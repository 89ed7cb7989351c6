#include "host/cli/cache_choice.hpp"

#include <algorithm>
#include <cmath>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr double kSecondsPerDay = 86400;

bool begins(const CacheEntry& entry, const std::string& key) { return entry.key.rfind(key, 0) == 0; }

}  // namespace

CacheChoice::CacheChoice(const CommandLine& command, const std::string& action)
    : keys_(command.list("key")),
      partial_(command.has("partial")),
      earlier_(command.has("earlier")),
      dry_run_(command.has("dry-run")) {
  for (const auto* option : {"older-than", "partial", "earlier", "key", "dry-run"}) {
    if (action != "clear" && command.has(option)) {
      throw UsageError(std::string("--") + option + " belongs to `host cache clear`, not to `host cache " +
                       action + "`");
    }
  }
  if (command.has("older-than")) days_ = command.get<double>("older-than");
  if (!std::isfinite(days_) || days_ < 0) {
    throw UsageError("--older-than takes a number of days, 0 or more, for example --older-than 30");
  }
  for (const auto& key : keys_) {
    if (key.empty() || key.find_first_not_of("0123456789abcdef") != std::string::npos) {
      throw UsageError("--key " + key +
                       ": expected the beginning of a key as `host cache list` prints it, 0-9 and a-f");
    }
  }
}

bool CacheChoice::is_old_enough(int64_t last_use, int64_t now) const {
  return static_cast<double>(now - last_use) >= days_ * kSecondsPerDay;
}

bool CacheChoice::has(const KeptList& list, int64_t now) const {
  return !partial_ && !earlier_ && keys_.empty() && is_old_enough(list.last_use, now);
}

bool CacheChoice::has(const CacheEntry& entry, int64_t now) const {
  if (partial_ && entry.complete) return false;
  if (earlier_ && !entry.earlier_layout) return false;
  if (!is_old_enough(entry.last_use, now)) return false;
  return keys_.empty() ||
         std::any_of(keys_.begin(), keys_.end(), [&](const std::string& key) { return begins(entry, key); });
}

void CacheChoice::check_keys(const CacheFolder& cache) const {
  for (const auto& key : keys_) {
    if (std::none_of(cache.entries.begin(), cache.entries.end(),
                     [&](const CacheEntry& entry) { return begins(entry, key); })) {
      throw Error("no entry in " + cache.directory + " has a key that begins with " + key +
                  "; `host cache list '" + cache.directory + "'` lists them, and nothing was removed");
    }
  }
}

}  // namespace kindred::host
