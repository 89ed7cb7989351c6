#pragma once

namespace kindred::host {

/// The note of an index whose build was begun and did not end; it is true then, and is gone when it ends.
inline constexpr const char* kBuildNote = "unfinished_build";

}  // namespace kindred::host
