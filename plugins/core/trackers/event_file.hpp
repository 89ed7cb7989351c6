#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// Records of TensorBoard's event files (tensorflow/core/util/event.proto, lib/io/record_writer): a length,
/// its checksum, an Event in protocol buffers' wire format, its checksum.
///
/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes);

/// Frames a serialised Event.
std::string event_record(std::string_view event);

/// Serialised Events. wall_time: seconds since 1970.
std::string version_event(double wall_time);
/// Says that what was written of `step` and later is void: a run was resumed there.
std::string restart_event(double wall_time, int64_t step);
std::string scalar_event(double wall_time, int64_t step, std::string_view tag, float value);

}  // namespace kindred
