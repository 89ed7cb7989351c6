#pragma once

#include <optional>
#include <string>

#include "host/loader/catalog.hpp"
#include "host/loader/elf_file.hpp"
#include "kindred/abi.h"

namespace kindred::host {

/// Why `file`, which carries the tag `theirs`, must not be mapped into a host built as `ours`; nothing
/// when it may. Codes KDP003 to KDP007.
std::optional<RejectedPlugin> compare_tags(const std::string& file, const kindred_build_tag& theirs,
                                           const kindred_build_tag& ours);

/// Reads the notes of `file` into `notes`, checks who may write to the file and its folder, and compares the
/// tag with this host's. Codes KDP001 to KDP007 and KDP014 to KDP018.
std::optional<RejectedPlugin> check_gate(const std::string& file, PluginNotes& notes);

}  // namespace kindred::host
