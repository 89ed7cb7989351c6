#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {

/// How several processes, which are started by themselves, fill the entries of one cache together.
struct FillShare {
  int64_t index = 0;    ///< of this process, from 0
  int64_t count = 1;    ///< of the processes; 1: whatever is missing is filled here
  bool steals = false;  ///< when its own shards are done, it takes those of others
  std::string machine;  ///< machine_tag() of this one

  /// As --shard says it: "2/4".
  std::string text() const { return process_text(index); }
  std::string process_text(int64_t process) const {
    return std::to_string(process + 1) + "/" + std::to_string(count);
  }
};

/// The turns in which a process goes over the entries.
enum class FillTurn {
  own,       ///< its own shards, but for those that others are at
  others,    ///< shards of others that nobody is at
  own_rest,  ///< what is left of its own: it waits for whoever is at them
};

struct MissingShard {
  int64_t shard = 0;
  int64_t process = 0;  ///< whose it is, from 0
};

/// What became of one entry.
struct FilledEntry {
  std::string key, view;
  int64_t samples = 0, shards = 0;
  int64_t own = 0;          ///< shards that are this process's
  int64_t filled = 0;       ///< shards that were filled here, those of others among them
  int64_t own_present = 0;  ///< own shards that were not filled here and are there
  std::vector<MissingShard> missing;
};

struct FillReport {
  std::vector<FilledEntry> entries;
  int64_t encoded = 0;  ///< samples
  double seconds = 0;

  int64_t filled() const;
  int64_t own_present() const;
  int64_t missing() const;
};

}  // namespace kindred::host
