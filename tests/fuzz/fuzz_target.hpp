#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace kindred::fuzz {

/// Whether the reader of a target takes a file with these bytes. A refusal with the reader's own error is an
/// answer; any other exception, a crash or a hang is a finding.
using Accepts = bool (*)(const uint8_t* data, size_t size);

/// The targets of this program by name: one where a fuzzer drives it, all of them where they are replayed.
inline std::map<std::string, Accepts>& targets() {
  static std::map<std::string, Accepts> all;
  return all;
}

}  // namespace kindred::fuzz

/// Begins the definition of a target, within a namespace: KINDRED_FUZZ_TARGET(npy) { ... }
#define KINDRED_FUZZ_TARGET(name)                                       \
  static bool accepts_##name(const uint8_t* data, size_t size);         \
  [[maybe_unused]] static const bool is_target_##name =                 \
      ::kindred::fuzz::targets().emplace(#name, accepts_##name).second; \
  static bool accepts_##name([[maybe_unused]] const uint8_t* data, [[maybe_unused]] size_t size)
