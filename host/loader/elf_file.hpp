#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "kindred/abi/abi.h"

namespace kindred::host {

/// Why a file is no plugin for this machine; the text is a clause without the file's name. Codes:
///   KDP001 not an ELF shared object   KDP002 no build tag
///   KDP014 cut off                    KDP016 several build tags
///   KDP015 for another machine        KDP017 malformed notes
///                                     KDP019 notes that are too long
struct ElfRefusal : std::runtime_error {
  ElfRefusal(const char* its_code, const std::string& clause) : std::runtime_error(clause), code(its_code) {}
  const char* code;
};

constexpr size_t kLongestNote = 4096;              ///< bytes of one note "KD"
constexpr size_t kLongestNotes = size_t{1} << 20;  ///< of all notes; a component takes 272 bytes

/// What a plugin file says of itself: its notes "KD", and what it needs of others.
struct PluginNotes {
  kindred_build_tag tag;
  std::vector<kindred_offer_note> offers;  ///< the plugin itself and its components; empty in old files
  std::vector<std::string> needed;         ///< DT_NEEDED: libraries that the dynamic linker will look for
};

/// Reads the notes with plain file reads; maps and runs nothing. Fields beyond those that this host knows are
/// ignored; texts are NUL-terminated. Every offset of the file is checked before it is used, also those of
/// the loadable segments, so that a half-copied file is refused here and does not end the process with SIGBUS
/// in the dynamic linker. Throws ElfRefusal.
PluginNotes read_notes(const std::string& path);

/// Nobody vouches for a plugin file, and its texts go to terminals and into JSON: everything but printable
/// ASCII becomes '?'.
void make_printable(char* text);

/// Returns "x86-64", "aarch64", or "machine N" for an ELF machine number.
std::string machine_name(unsigned machine);

}  // namespace kindred::host
