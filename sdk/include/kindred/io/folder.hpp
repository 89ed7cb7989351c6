#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// Says whether a file or folder of this name, without its path, is something that systems and programs leave
/// beside a person's files: what is hidden, since its name begins with a dot (._a.png, .DS_Store,
/// .ipynb_checkpoints), and Thumbs.db, desktop.ini, __MACOSX, `@eaDir` and their like in any case of letters.
/// Such a file is never a sample, and such a folder never a class. [thread-safe]
bool is_left_behind(std::string_view name);

/// The same for any part of a path inside a folder or an archive: "__MACOSX/cup/a.png". [thread-safe]
bool has_part_left_behind(std::string_view path);

/// Names the first three for a sentence: "a, b, c and 4 more". [thread-safe]
std::string first_few(const std::vector<std::string>& names);

/// What lies in a folder and below it.
struct FolderFiles {
  std::vector<std::string> files;  ///< sorted; each begins with the folder as it was given
  std::string nowhere;             ///< a sentence about links that lead nowhere, or empty
  std::string circles;             ///< one about links that lead back to a folder that they lie in, or empty
};

/// Lists the regular files without what is left behind. Links to files and folders are followed as if they
/// were what they lead to; one that leads nowhere, or back to a folder that it lies in, is left out and
/// named. Throws Error when a folder cannot be read.
FolderFiles files_below(const std::string& folder);

}  // namespace kindred
