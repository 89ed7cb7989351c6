#pragma once

#include <string>

namespace kindred {

/// What a file is that people give as weights by mistake, as a sentence for them: a pointer of Git LFS, a web
/// page, the beginning of a file; "" where it is none of these. `bytes` are those of `path`. [thread-safe]
std::string mistaken_for_weights(const std::string& path, const std::string& bytes);

/// The same of a folder: it names the file in it that is meant.
std::string folder_given_for_weights(const std::string& path);

}  // namespace kindred
