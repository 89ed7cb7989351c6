#pragma once

#include <torch/csrc/api/include/torch/version.h>

#include <cstddef>  // defines _GLIBCXX_USE_CXX11_ABI

#include "kindred/abi/abi.h"
#include "kindred/abi/version.hpp"

/// The build fingerprint of the translation unit that includes this header. Plugins put it into an ELF
/// note, the host compares it with its own.

#if defined(__SANITIZE_ADDRESS__)
#define KINDRED_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KINDRED_HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define KINDRED_HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KINDRED_HAS_TSAN 1
#endif
#endif

namespace kindred {

constexpr uint32_t build_flags() {
  uint32_t flags = 0;
#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
  flags |= KINDRED_FLAG_CXX11_ABI;
#endif
#ifdef KINDRED_HAS_ASAN
  flags |= KINDRED_FLAG_ASAN;
#endif
#ifdef KINDRED_HAS_TSAN
  flags |= KINDRED_FLAG_TSAN;
#endif
#ifdef _GLIBCXX_DEBUG
  flags |= KINDRED_FLAG_DEBUG_STL;
#endif
  return flags;
}

constexpr kindred_build_tag build_tag() {
  kindred_build_tag tag{};
  tag.size = sizeof(kindred_build_tag);
  tag.abi_major = KINDRED_ABI_MAJOR;
  tag.abi_minor = KINDRED_ABI_MINOR;
  tag.cxx_epoch = KINDRED_CXX_EPOCH;
  tag.torch_version = TORCH_VERSION_MAJOR * 1000000u + TORCH_VERSION_MINOR * 1000u + TORCH_VERSION_PATCH;
  tag.flags = build_flags();
  tag.gxx_abi = __GXX_ABI_VERSION;
  const char* version = KINDRED_SDK_VERSION;
  for (unsigned i = 0; i + 1 < sizeof(tag.sdk_version) && version[i] != '\0'; ++i) {
    tag.sdk_version[i] = version[i];
  }
#ifdef __clang__
  const char* compiler = "clang " __clang_version__;
#else
  const char* compiler = "g++ " __VERSION__;
#endif
  for (unsigned i = 0; i + 1 < sizeof(tag.compiler) && compiler[i] != '\0'; ++i) {
    tag.compiler[i] = compiler[i];
  }
  return tag;
}

/// ELF note: owner "KD" (3 bytes with its NUL, padded to 4), type KINDRED_NOTE_*, payload.
template <class Payload>
struct ElfNote {
  uint32_t name_size, payload_size, type;
  char name[4];
  Payload payload;
};

namespace detail {
template <size_t Size>
constexpr void copy_text(char (&to)[Size], const char* from, bool may_be_cut) {
  size_t i = 0;
  for (; i + 1 < Size && from[i] != '\0'; ++i) to[i] = from[i];
  // In a constant expression the throw makes the compiler name this line.
  if (!may_be_cut && from[i] != '\0') throw "kind, id or version is too long for kindred_offer_note";
}
}  // namespace detail

constexpr ElfNote<kindred_offer_note> offer_note(const char* kind, const char* id, const char* version,
                                                 const char* summary) {
  ElfNote<kindred_offer_note> note{3, sizeof(kindred_offer_note), KINDRED_NOTE_OFFER, "KD", {}};
  note.payload.size = sizeof(kindred_offer_note);
  detail::copy_text(note.payload.kind, kind, false);
  detail::copy_text(note.payload.id, id, false);
  detail::copy_text(note.payload.version, version, false);
  detail::copy_text(note.payload.summary, summary, true);
  return note;
}

}  // namespace kindred
