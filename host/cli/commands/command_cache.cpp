#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/size_text.hpp"
#include "host/base/text.hpp"
#include "host/cache/cache_folder.hpp"
#include "host/cache/entry_files.hpp"
#include "host/cache/missing_shards.hpp"
#include "host/cache/remove_entry.hpp"
#include "host/cache/shard_claim.hpp"
#include "host/cache/verify_entry.hpp"
#include "host/cli/age_text.hpp"
#include "host/cli/cache_choice.hpp"
#include "host/cli/cache_directory.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kShortKey = 12, kNamesShown = 5;

std::string short_key(const CacheEntry& entry) { return entry.key.substr(0, kShortKey); }

std::string count_text(size_t count) { return count == 1 ? "1 entry" : fmt::format("{} entries", count); }

std::string state_of(const CacheEntry& entry) {
  if (entry.earlier_layout) return "earlier layout";
  if (entry.complete) return "complete";
  return entry.in_use ? "being filled" : "partial";
}

/// The text also says how far the entry is: "partial, 3 of 8 shards".
std::string state_with_shards(const CacheEntry& entry) {
  if (entry.complete || entry.earlier_layout || entry.shards < 0) return state_of(entry);
  return fmt::format("{}, {} of {} shards", state_of(entry), entry.shards_done, entry.shards);
}

std::string or_unknown(const std::string& text) { return text.empty() ? "?" : shown(text); }
std::string or_unknown(int64_t number) { return number < 0 ? "?" : std::to_string(number); }

/// Which data it is of. Entries of before, and data that is no file, do not tell.
std::string data_text(const CacheEntry& entry) {
  if (entry.data_samples < 0) return "unknown";
  const auto count = fmt::format("{} samples", entry.data_samples);
  return entry.data.empty() ? count : fmt::format("{} of {}", count, entry.data);
}

/// Only the first few are named, since a folder may hold thousands.
std::string some_of(std::vector<std::string> names) {
  const auto count = names.size();
  if (count > kNamesShown) names.resize(kNamesShown);
  return shown(joined(names)) +
         (count > names.size() ? fmt::format(" and {} more", count - names.size()) : "");
}

void print(const json& result) { std::cout << json_text(result, 2) << "\n"; }

std::string lists_text(size_t count) {
  return count == 1 ? "1 list of equal samples" : fmt::format("{} lists of equal samples", count);
}

json to_json(const KeptList& list) {
  return {{"name", list.name}, {"bytes", list.bytes}, {"last_use", list.last_use}};
}

json to_json(const CacheEntry& entry) {
  const auto number = [](int64_t value) { return value < 0 ? json() : json(value); };
  return {{"key", entry.key},
          {"state", state_of(entry)},
          {"in_use", entry.in_use},
          {"dataset", entry.dataset},
          {"data", entry.data.empty() ? json() : json(entry.data)},
          {"data_samples", number(entry.data_samples)},
          {"encoder", entry.encoder},
          {"stage", entry.stage},
          {"view", entry.view},
          {"samples_done", number(entry.rows_done)},
          {"samples", number(entry.rows)},
          {"shards_done", number(entry.shards_done)},
          {"shards", number(entry.shards)},
          {"shape", entry.shape},
          {"dtype", entry.dtype},
          {"bytes", entry.bytes},
          {"last_use", entry.last_use}};
}

int list_entries(const CommandLine& command, const CacheFolder& cache) {
  json list = json::array();
  uintmax_t bytes = 0;
  const auto row = [](const auto&... texts) {
    std::cout << fmt::format("{:<12}  {:<22} {:<26} {:<10} {:<20} {:>15} {:>10}  {:<9} {:<16} {}\n",
                             texts...);
  };
  if (!command.json() && !cache.entries.empty())
    row("KEY", "DATASET", "ENCODER", "STAGE", "VIEW", "SAMPLES", "SIZE", "USED", "STATE", "DATA");
  for (const auto& one : cache.entries) {
    bytes += one.bytes;
    list.push_back(to_json(one));
    if (command.json()) continue;
    row(short_key(one), or_unknown(one.dataset), or_unknown(one.encoder), or_unknown(one.stage),
        or_unknown(one.view), or_unknown(one.rows_done) + "/" + or_unknown(one.rows), size_text(one.bytes),
        age_text(unix_time() - one.last_use), state_with_shards(one), data_text(one));
  }
  json lists = json::array();
  for (const auto& one : cache.lists) {
    bytes += one.bytes;
    lists.push_back(to_json(one));
  }
  if (command.json()) {
    print({{"directory", cache.directory},
           {"entries", list},
           {"lists", lists},
           {"bytes", bytes},
           {"others", cache.others}});
  } else {
    const auto also = lists.empty() ? std::string() : " and " + lists_text(lists.size());
    std::cout << fmt::format("{}{}, {} in {}\n", count_text(list.size()), also, size_text(bytes),
                             shown(cache.directory));
    if (!cache.others.empty()) std::cout << "not of the cache: " << some_of(cache.others) << "\n";
  }
  return kExitOk;
}

/// Which shards of an entry are missing, who was at them, and how they are made.
void print_missing(const CacheEntry& entry, const std::vector<int64_t>& missing,
                   const std::string& pipeline) {
  constexpr const char* kIndent = "              ";
  std::cout << kIndent
            << fmt::format("missing: shard{} {}, of 0 to {}; `host cache fill {}` fills {}\n",
                           missing.size() == 1 ? "" : "s", ranges_text(missing), entry.shards - 1, pipeline,
                           missing.size() == 1 ? "it" : "them");
  for (const auto shard : missing) {
    const auto claim = read_claim(entry.path(text_of({shard, entry.shards, ShardFile::claim})));
    if (!claim) continue;
    std::cout << kIndent
              << fmt::format("  {} was claimed by process {} ({}, pid {})\n", shard, shown(claim->process),
                             shown(claim->host), claim->pid);
  }
}

/// `pipeline`: the file that was named, or what stands for one.
int verify_entries(const CommandLine& command, const CacheFolder& cache, const std::string& pipeline) {
  json list = json::array();
  std::string damaged_keys;
  size_t damaged = 0;
  for (const auto& one : cache.entries) {
    EntryCheck check;
    if (!one.in_use) check = verify_entry(one);
    std::string state = state_of(one);
    if (one.in_use)
      state = "in use, not checked";
    else if (one.earlier_layout)
      state = "earlier layout, not checked";
    else if (!check.problems.empty())
      state = "damaged";
    else if (one.complete)
      state = check.has_checksum ? "ok" : "no checksum";
    if (!check.problems.empty()) {
      ++damaged;
      damaged_keys += " --key " + short_key(one);
    }
    const auto missing = missing_shards(one);
    list.push_back({{"key", one.key},
                    {"state", state},
                    {"problems", check.problems},
                    {"shards", one.shards < 0 ? json() : json(one.shards)},
                    {"missing", missing}});
    if (command.json()) continue;
    std::cout << short_key(one) << "  " << (state == "partial" ? state_with_shards(one) : state)
              << std::endl;  // reading the next may take a while
    for (const auto& problem : check.problems) std::cout << "              " << problem << "\n";
    if (!missing.empty()) print_missing(one, missing, pipeline);
  }
  if (command.json()) print({{"directory", cache.directory}, {"entries", list}, {"damaged", damaged}});
  if (damaged > 0) {
    const char* const verb = damaged == 1 ? "is" : "are";
    const char* const what = damaged == 1 ? "it" : "them";
    throw Error(
        fmt::format("{} of {} in {} {} damaged; `host cache clear '{}'{}` removes {}, and the next run "
                    "that needs {} fills {} again",
                    damaged, count_text(list.size()), cache.directory, verb, cache.directory, damaged_keys,
                    what, what, what));
  }
  return kExitOk;
}

/// What became of the lists that are chosen: their bytes are added to `freed`.
json clear_lists(const CommandLine& command, const CacheChoice& choice, const CacheFolder& cache,
                 uintmax_t& freed, bool& failed) {
  json removed = json::array();
  const auto now = unix_time();
  for (const auto& one : cache.lists) {
    if (!choice.has(one, now)) continue;
    const auto done = remove_list(one, choice.dry_run());
    freed += done.freed;
    failed = failed || done.failed;
    if (done.left.empty())
      removed.push_back(to_json(one));
    else if (!command.json())
      std::cout << one.name << "  left: " << done.left << "\n";
  }
  return removed;
}

int clear_entries(const CommandLine& command, const CacheChoice& choice, const CacheFolder& cache) {
  choice.check_keys(cache);
  const bool dry_run = choice.dry_run();
  json removed = json::array(), left = json::array();
  uintmax_t freed = 0;
  bool failed = false;
  const auto now = unix_time();
  for (const auto& one : cache.entries) {
    if (!choice.has(one, now)) continue;
    const auto done = remove_entry(one, dry_run);
    freed += done.freed;
    failed = failed || done.failed;
    if (done.left.empty())
      removed.push_back({{"key", one.key}, {"bytes", done.freed}});
    else
      left.push_back({{"key", one.key}, {"bytes", done.freed}, {"reason", done.left}});
    if (command.json()) continue;
    std::cout << fmt::format("{}  {} ({}, {}, view {}, {})\n", short_key(one),
                             !done.left.empty() ? "left: " + done.left
                             : dry_run          ? "would be removed"
                                                : "removed",
                             or_unknown(one.dataset), or_unknown(one.encoder), or_unknown(one.view),
                             size_text(one.bytes));
  }
  const auto lists = clear_lists(command, choice, cache, freed, failed);
  if (command.json()) {
    print({{"directory", cache.directory},
           {"dry_run", dry_run},
           {"removed", removed},
           {"removed_lists", lists},
           {"left", left},
           {"freed_bytes", freed}});
  } else {
    const auto also = lists.empty() ? std::string() : " and " + lists_text(lists.size());
    std::cout << fmt::format("{}{} {}, {} ({} bytes) {} in {}\n", count_text(removed.size()), also,
                             dry_run ? "would be removed" : "removed", size_text(freed), freed,
                             dry_run ? "would be freed" : "freed", shown(cache.directory));
  }
  return failed ? kExitRunFailed : kExitOk;
}

int cache_command(const CommandLine& command) {
  const auto action = command.list("ACTION").front();
  const std::vector<std::string> actions = {"clear", "fill", "list", "verify"};
  if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
    const auto close = closest_name(action, actions);
    throw UsageError("host cache does not know `" + action + "`; " +
                     (close.empty() ? "" : "did you mean `" + close + "`? ") +
                     "expected list, verify, clear or fill");
  }
  for (const auto* option : {"set", "shard", "steal"}) {
    if (!command.has(option)) continue;
    throw UsageError(std::string("--") + option + " belongs to `host cache fill`, not to `host cache " +
                     action + "`");
  }
  const CacheChoice choice(command, action);
  const auto given = command.list("DIR");
  const auto cache = read_cache_folder(cache_directory(given.empty() ? "" : given.front()));
  if (action == "list") return list_entries(command, cache);
  if (action == "clear") return clear_entries(command, choice, cache);
  const bool names_pipeline = !given.empty() && given.front() != cache.directory;
  return verify_entries(command, cache, names_pipeline ? "'" + given.front() + "'" : "PIPELINE");
}

const CommandBody kCache("cache", &cache_command);

}  // namespace
}  // namespace kindred::host
