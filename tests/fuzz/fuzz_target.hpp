#pragma once

#include <cstddef>
#include <cstdint>

namespace kindred::fuzz {

/// What each target defines: whether its reader takes a file with these bytes. A refusal with the reader's
/// own error is an answer; any other exception, a crash or a hang is a finding.
bool accepts(const uint8_t* data, size_t size);

}  // namespace kindred::fuzz
