#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
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
/// A picture; `png` is a whole file of that format. Empty where it is none.
std::string image_event(double wall_time, int64_t step, std::string_view tag, std::string_view png);

/// The settings of a run, by which TensorBoard's page HPARAMS compares runs
/// (tensorboard/plugins/hparams/plugin_data.proto): every number, truth value and text of `settings` by its
/// place, such as "train.optimizer.lr".
std::string settings_event(double wall_time, const nlohmann::json& settings);
enum class SessionStatus { unknown, success, failure };
std::string session_end_event(double wall_time, SessionStatus status);

}  // namespace kindred
