#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred::host {

/// What can be said of an entry of the cache without reading its rows. Texts are "" and numbers -1 where the
/// entry does not tell.
struct CacheEntry {
  std::string key;               ///< the name of its folder
  std::string folder;            ///< with the cache's directory
  bool complete = false;         ///< else a fill was begun and not finished
  bool in_use = false;           ///< another process fills or opens it now
  std::string dataset, encoder;  ///< ids of the components
  std::string stage;             ///< of the encoder, after which the rows were taken
  std::string view;              ///< "plain", "mirror", "random 1 of seed 42"
  int64_t rows_done = -1, rows = -1;
  std::string dtype;           ///< NumPy's: "<f4"
  std::vector<int64_t> shape;  ///< rows first; empty: unknown
  uintmax_t bytes = 0;         ///< on disk, of all its files
  int64_t last_use = 0;        ///< Unix time in seconds

  std::string path(const char* file) const;
};

struct CacheFolder {
  std::string directory;
  std::vector<CacheEntry> entries;  ///< last used first
  std::vector<std::string> others;  ///< names of what is in the folder and no entry
};

/// Throws Error where there is no such folder, or it holds other things and not a single entry.
CacheFolder read_cache_folder(const std::string& directory);

/// Whether `name` is a file of an entry, or what a killed process left of writing one.
bool is_entry_file(const std::string& name);

/// Seconds since the epoch, now.
int64_t unix_time();

}  // namespace kindred::host
