#pragma once

#include <string>
#include <string_view>

namespace kindred {

/// Whole file as bytes; throws Error naming the path and the system's reason.
std::string read_file(const std::string& path);

/// Replaces `path` so that a reader sees either the old or the new content, also after a crash: writes
/// beside it, syncs, renames, syncs the folder. Throws Error.
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace kindred
