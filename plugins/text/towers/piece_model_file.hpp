#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

/// What a file of SentencePiece (sentencepiece_model.proto of Kudo, Richardson 2018) says of a unigram model.
struct PieceModelFile {
  /// The kinds of pieces, by their numbers in the file.
  enum Kind { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  struct Piece {
    std::string text;
    float score = 0;
    int64_t kind = normal;
  };

  std::vector<Piece> pieces;
  int64_t model_type = 1;      ///< 1: unigram
  std::string characters;      ///< precompiled map of characters; may be empty
  bool adds_blank = true;      ///< before a text
  bool removes_blanks = true;  ///< at both ends, and all but one elsewhere
  bool marks_blanks = true;    ///< with U+2581
};

/// Throws Error where the file is none or a unigram model is not what it holds.
PieceModelFile read_piece_model(const std::string& path);

}  // namespace kindred
