#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "character_map.hpp"
#include "piece_model_file.hpp"

namespace kindred {

/// A unigram model of SentencePiece (Kudo 2018): a text is divided into the pieces whose scores have the
/// largest sum. SentencePiece's own library cannot be taken: it defines FLAGS_minloglevel, as LibTorch does
/// with another type, and each writes to what it takes for its own. [thread-safe]
class SentencePieces {
 public:
  /// Reads a file such as spiece.model. Throws Error where it is none.
  explicit SentencePieces(const std::string& path);

  /// The numbers of the pieces of a text, which is valid UTF-8. Neighbours without a piece are one unknown
  /// one.
  std::vector<int64_t> operator()(std::string_view text) const;

  /// The number of a piece; -1 where there is none.
  int64_t number_of(const std::string& piece) const;
  int64_t count() const { return static_cast<int64_t>(model_.pieces.size()); }
  const std::string& path() const { return path_; }

 private:
  std::string normalized(std::string_view text) const;
  float score_of(int64_t piece, size_t size) const;

  std::string path_;
  PieceModelFile model_;
  CharacterMap characters_;
  std::unordered_map<std::string, int64_t> numbers_;   ///< of all pieces
  std::unordered_map<std::string, int64_t> dividing_;  ///< of those that texts are divided into
  size_t longest_ = 0;                                 ///< bytes of a piece
  int64_t unknown_ = 0;
  float least_score_ = 0, largest_score_ = 0;  ///< of normal pieces
};

}  // namespace kindred
