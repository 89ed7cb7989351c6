#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// SentencePiece's precompiled map of characters: a double-array trie (Aoe 1989, as darts-clone lays it out)
/// of what is replaced, and the replacements. [thread-safe]
class CharacterMap {
 public:
  /// `bytes`: as the file has them; empty: nothing is replaced. Throws Error that begins with `path` where
  /// they are damaged.
  CharacterMap(const std::string& bytes, const std::string& path);

  /// What `text`, which is not empty, begins with becomes, and how many bytes of it that is.
  std::pair<std::string_view, size_t> at_beginning(std::string_view text) const;

 private:
  std::vector<uint32_t> units_;
  std::string replacements_;
};

}  // namespace kindred
