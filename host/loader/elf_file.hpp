#pragma once

#include <stdexcept>
#include <string>

#include "kindred/abi.h"

namespace kindred::host {

/// The file is not a whole ELF shared object of this machine (KDP001).
struct NotASharedObject : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The file is one, but has no well-formed build tag (KDP002).
struct NoBuildTag : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads the build tag (note "KD", type 1, in a PT_NOTE segment) with plain file reads; maps and runs
/// nothing. Fields beyond this host's kindred_build_tag are ignored; texts are NUL-terminated. Every offset
/// of the file is checked before it is used, also those of the loadable segments, so that a half-copied
/// file is refused here and does not end the process with SIGBUS in the dynamic linker.
/// Throws NotASharedObject or NoBuildTag; the texts are clauses without the file's name.
kindred_build_tag read_build_tag(const std::string& path);

/// "x86-64", "aarch64", or "machine N" for an ELF machine number.
std::string machine_name(unsigned machine);

}  // namespace kindred::host
