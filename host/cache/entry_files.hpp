#pragma once

/// Files of a cache entry, which is a folder named by its key. RowCache (host/engine) says when each is
/// there.
namespace kindred::host {

constexpr const char* kMetaFile = "meta.json";            ///< what the key was made of, for people
constexpr const char* kRowsFile = "rows.npy";             ///< the complete array
constexpr const char* kPartialFile = "rows.npy.partial";  ///< the array while it is filled
constexpr const char* kProgressFile =
    "progress.json";                                  ///< {"rows": N, "skipped": [...]} of the partial array
constexpr const char* kSkippedFile = "skipped.json";  ///< the samples skipped, when complete
/// {"algorithm": "xxh3_128", "files": {NAME: 32 hexadecimal digits}}, when complete; entries written before
/// 0.11 have none.
constexpr const char* kChecksumFile = "checksums.json";
constexpr const char* kLockFile = "lock";  ///< EntryLock; its time of change is when the entry was last used

constexpr const char* kChecksumAlgorithm = "xxh3_128";

}  // namespace kindred::host
