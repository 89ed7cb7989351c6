#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Names of the files of a cache entry, which is a folder named by its key. RowCache (host/encoding) says
/// when each is there.
namespace kindred::host {

constexpr const char* kMetaFile = "meta.json";  ///< what the key was made of and the shards, for people
/// EntryLock; its time of change is when the entry was last used.
constexpr const char* kLockFile = "lock";

constexpr const char* kChecksumAlgorithm = "xxh3_128";

constexpr size_t kKeyDigits = 32;      // of the key that an entry's folder is named by
constexpr size_t kMachineDigits = 12;  // of a machine_tag
constexpr size_t kTemporaryEnd = 7;    // ".XXXXXX" of write_file_atomically

/// The files of one shard of an entry, each named "shard-00003-of-00016" and what follows.
enum class ShardFile {
  rows,      ///< ".npy": the complete array
  partial,   ///< ".npy.partial": the array while it is filled
  progress,  ///< ".progress.json": how many rows of the partial array are safe, see shard_files.hpp
  record,    ///< ".json": checksums and skipped samples of the complete array, see shard_files.hpp
  claim,     ///< ".claim.json": which of several processes fills it, see shard_claim.hpp
};

/// A file of a shard. Shards are numbered from 0.
struct ShardFileName {
  int64_t shard = 0, count = 1;
  ShardFile kind = ShardFile::rows;
  /// Of the partial array and its progress: the machine that alone writes them (machine_tag), as in
  /// "shard-00003-of-00016.at-0123456789ab.npy.partial"; "": any process that has the lock of the shard.
  std::string machine{};
};

std::string text_of(const ShardFileName& name);
/// Nothing where no shard's file has such a name.
std::optional<ShardFileName> parse_shard_file(const std::string& name);

/// The files of shards in a folder, by one reading of it. Throws std::filesystem::filesystem_error.
std::vector<ShardFileName> shard_files_in(const std::string& folder);
/// How many shards the entry of these files has, as their names say; -1 where there are no files.
int64_t shard_count(const std::vector<ShardFileName>& files);

/// Says whether a folder holds the rows of an entry of the layout before 0.12, complete or begun: one array,
/// in rows.npy.
bool has_earlier_rows(const std::string& folder);
/// Says whether these rows are complete.
bool has_complete_earlier_rows(const std::string& folder);

/// Says whether `name` is that of an entry's folder: a key of 32 hexadecimal digits.
bool is_entry_key(const std::string& name);

/// Says whether `name` is a file of an entry of this layout or the earlier one, or what a killed process left
/// of writing one.
bool is_entry_file(const std::string& name);

}  // namespace kindred::host
