#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "kindred/abi.h"

namespace kindred::host {

/// Why a file is no plugin for this machine; the text is a clause without the file's name. Codes:
///   KDP001 not an ELF shared object   KDP002 no build tag
///   KDP014 cut off                    KDP016 several build tags
///   KDP015 for another machine        KDP017 a malformed build tag, or one too long
struct ElfRefusal : std::runtime_error {
  ElfRefusal(const char* its_code, const std::string& clause) : std::runtime_error(clause), code(its_code) {}
  const char* code;
};

/// What the notes "KD" of a plugin file say.
struct PluginNotes {
  kindred_build_tag tag;
  std::vector<kindred_offer_note> offers;  ///< the plugin itself and its components; empty in old files
};

/// Reads the notes with plain file reads; maps and runs nothing. Fields beyond those that this host knows are
/// ignored; texts are NUL-terminated. Every offset of the file is checked before it is used, also those of
/// the loadable segments, so that a half-copied file is refused here and does not end the process with SIGBUS
/// in the dynamic linker. Throws ElfRefusal.
PluginNotes read_notes(const std::string& path);

/// Nobody vouches for a plugin file, and its texts go to terminals and into JSON: everything but printable
/// ASCII becomes '?'.
void make_printable(char* text);

/// "x86-64", "aarch64", or "machine N" for an ELF machine number.
std::string machine_name(unsigned machine);

}  // namespace kindred::host
