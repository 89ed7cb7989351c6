#pragma once

#include <string>
#include <string_view>

namespace kindred::host {

/// Writes a file that is not there yet, whole from its first moment on. Of several callers, also on machines
/// that share the folder over a network, one is told true, and `path` has what it wrote; the others are told
/// false, and nothing of theirs stays. Throws Error.
bool write_new_file(const std::string& path, std::string_view bytes);

/// Gives a complete file a second name that is not taken. Gives false where it is taken, or where the file
/// system knows no second names; `taken` says which. Throws Error.
bool link_file(const std::string& from, const std::string& to, bool& taken);

}  // namespace kindred::host
