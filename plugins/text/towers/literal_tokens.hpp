#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wordpiece.hpp"

namespace kindred {

/// Tokens that are found in text as they are written, before anything else is done to it; of several the
/// leftmost, and of those the longest. [thread-safe]
class LiteralTokens {
 public:
  explicit LiteralTokens(Vocabulary tokens);

  /// Appends the numbers of the literal tokens of a text; what is between them goes to `append`.
  void split(std::string_view text, std::vector<int64_t>& ids,
             const std::function<void(std::string_view part)>& append) const;

 private:
  const Vocabulary::value_type* longest_at(std::string_view text) const;

  Vocabulary tokens_;
  std::vector<std::vector<size_t>> sizes_;  ///< of tokens by their first byte, the largest first
};

}  // namespace kindred
