#pragma once

#include <string>

#include "tokenizer.hpp"

namespace kindred {

/// One token per line; the line's number, from 0, is the token's. Throws Error when there is none.
Vocabulary read_vocabulary(const std::string& path);

/// The tokenizer of a downloaded BERT: vocab.txt, or the WordPiece model in tokenizer.json with its
/// normalizer; what tokenizer_config.json says comes first. `lower_case`: asked for in addition. Throws Error
/// that names what is missing or is no BERT tokenizer.
TokenizerSettings read_tokenizer(const std::string& folder, bool lower_case);

}  // namespace kindred
