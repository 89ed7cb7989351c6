#pragma once

#include <string_view>

namespace kindred {

/// What stands for a blank in the pieces of SentencePiece, and the same in UTF-8.
constexpr char32_t kBlankMark = 0x2581;
constexpr std::string_view kBlankMarkBytes = "\u2581";

}  // namespace kindred
