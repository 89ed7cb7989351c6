#pragma once

#include <optional>
#include <string>

#include "host/loader/catalog.hpp"
#include "kindred/abi.h"

namespace kindred::host {

/// Why `file`, which carries the tag `theirs`, must not be mapped into a host built as `ours`; nothing
/// when it may. Codes KDP003 to KDP007.
std::optional<RejectedPlugin> compare_tags(const std::string& file, const kindred_build_tag& theirs,
                                           const kindred_build_tag& ours);

/// Reads the tag of `file` into `tag` and compares it with this host's. Codes KDP001 to KDP007.
std::optional<RejectedPlugin> check_gate(const std::string& file, kindred_build_tag& tag);

}  // namespace kindred::host
