#pragma once

#include <string>
#include <string_view>

namespace kindred {

/// Whole file as bytes; throws Error naming the path and the system's reason.
std::string read_file(const std::string& path);

/// Replaces `path` so that a reader sees either the old or the new content, also after a crash: writes
/// beside it, syncs, renames, syncs the folder. Throws Error.
void write_file_atomically(const std::string& path, std::string_view bytes);

/// Syncs a folder ("" is the current one), without which a rename in it may be lost in a crash. Some file
/// systems cannot, which is no error.
void sync_folder(const std::string& folder);

}  // namespace kindred
