#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/loader/catalog.hpp"
#include "host/loader/elf_file.hpp"
#include "kindred/abi/abi.h"

namespace kindred::host {

/// Why `file`, which carries the tag `theirs`, must not be mapped into a host built as `ours`; nothing
/// when it may. Codes KDP003 to KDP007.
std::optional<RejectedPlugin> compare_tags(const std::string& file, const kindred_build_tag& theirs,
                                           const kindred_build_tag& ours);

/// Why `file`, which needs the libraries `needed`, must not be mapped into a process that has mapped those at
/// the paths `mapped`: it would bring a second LibTorch. Nothing when it may. Code KDP008.
std::optional<RejectedPlugin> compare_libraries(const std::string& file,
                                                const std::vector<std::string>& needed,
                                                const std::vector<std::string>& mapped);

/// Reads the notes of `file` into `notes`, checks who may write to the file and its folder, and compares the
/// tag with this host's and the libraries with those of this process. Codes KDP001 to KDP008 and KDP014 to
/// KDP019.
std::optional<RejectedPlugin> check_gate(const std::string& file, PluginNotes& notes);

}  // namespace kindred::host
