#pragma once

#include <string>
#include <vector>

#include "bert_config.hpp"
#include "pooling.hpp"

namespace kindred {

/// What stands in a folder of sentence-transformers, or in one that holds a plain BERT (then the mean of all
/// tokens is its embedding).
struct SentenceFolder {
  std::string transformer;  ///< the folder of config.json, the vocabulary and the weights
  BertConfig config;
  std::vector<Pooling> pooling = {Pooling::mean};
  bool normalize = false;
  int64_t longest = 0;       ///< tokens of a text, its first and last one among them
  bool lower_case = false;   ///< asked for in addition to what the tokenizer does
  std::string prompt;        ///< stands before every text
  bool pools_prompt = true;  ///< whether its tokens are pooled with the others
};

/// Throws Error that names the file and what in it cannot be computed here.
SentenceFolder read_sentence_folder(const std::string& folder);

}  // namespace kindred
