#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kindred {

/// The words of a NumPy .npy file of one dimension whose dtype is str ("<U12", which becomes UTF-8) or bytes
/// ("|S12", which stay as they are); nothing where it holds something else. Throws Error where there is no
/// usable file, where it has more dimensions, and where a word is no text, with its row. [thread-safe]
std::optional<std::vector<std::string>> read_npy_words(const std::string& path);

}  // namespace kindred
