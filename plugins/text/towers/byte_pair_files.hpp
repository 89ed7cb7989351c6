#pragma once

#include <string>

#include "byte_pair_encoding.hpp"
#include "kindred/io/json_file.hpp"

namespace kindred {

/// A byte pair encoding of Hugging Face's, and the tokens that stand beside it.
struct BytePairFiles {
  BytePairSettings settings;
  Vocabulary literal{};     ///< added tokens, which are found in text as they are written
  Vocabulary normalized{};  ///< added tokens, which are found in text that was normalised
};

/// The number of a token of these files. Throws Error that names `path` and the token where there is none.
int64_t number_of_token(const BytePairFiles& files, const std::string& token, const std::string& path);

/// The largest number of a token of these files.
int64_t largest_token(const BytePairFiles& files);

/// Reads the model and the added tokens of tokenizer.json; for normalizer and pre_tokenizer see
/// expect_steps(), post_processor is not looked at. Throws Error that names what is missing or is another
/// kind of model.
BytePairFiles read_byte_pair_json(const JsonFile& file);

/// Reads vocab.json and merges.txt. The end of a word is CLIP's.
BytePairFiles read_byte_pair_lists(const std::string& vocabulary, const std::string& merges);

}  // namespace kindred
