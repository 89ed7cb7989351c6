#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/cache/kept_list.hpp"

namespace kindred::host {

/// What can be said of an entry of the cache without reading its rows. Texts are "" and numbers -1 where the
/// entry does not tell.
struct CacheEntry {
  std::string key;        ///< the name of its folder
  std::string folder;     ///< with the cache's directory
  bool complete = false;  ///< else a fill was begun and not finished
  /// Written before 0.12, as one array: no run uses it any more, and `rows_done`, shape and dtype are
  /// unknown.
  bool earlier_layout = false;
  bool in_use = false;           ///< another process fills or opens it now
  std::string dataset, encoder;  ///< ids of the components
  std::string data;              ///< where the dataset's files lie, as its parameters say: "/photos"
  int64_t data_samples = -1;     ///< how many the dataset has, of which this entry may hold a part
  std::string stage;             ///< of the encoder, after which the rows were taken
  std::string view;              ///< "plain", "mirror", "random 1 of seed 42"
  int64_t rows_done = -1, rows = -1;
  int64_t shards_done = -1, shards = -1;  ///< complete ones, and all that the entry is divided into
  std::string dtype;                      ///< NumPy's: "<f4"
  std::vector<int64_t> shape;             ///< rows first; empty: unknown
  uintmax_t bytes = 0;                    ///< on disk, of all its files
  int64_t last_use = 0;                   ///< Unix time in seconds

  std::string path(const std::string& file) const;
};

struct CacheFolder {
  std::string directory;
  std::vector<CacheEntry> entries;  ///< last used first
  std::vector<KeptList> lists;      ///< by name
  std::vector<std::string> others;  ///< names of what is in the folder and neither
};

/// Throws Error where there is no such folder, or it holds other things, and neither an entry
/// nor a list.
CacheFolder read_cache_folder(const std::string& directory);

/// Says whether every shard of the entry in `folder`, or the one array of the earlier layout, is complete
/// now.
bool is_complete_entry(const std::string& folder);

/// How many entries of the earlier layout are in a cache's folder; 0 where there is no such folder.
size_t count_earlier_entries(const std::string& directory);

/// Seconds since the epoch, now.
int64_t unix_time();

}  // namespace kindred::host
