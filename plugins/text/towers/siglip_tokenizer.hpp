#pragma once

#include <memory>
#include <string>

#include "text_tokenizer.hpp"

namespace kindred {

/// SigLIP's tokenizer, from spiece.model of a folder as Hugging Face gives it: lower case, no punctuation of
/// ASCII, the pieces of SentencePiece (Kudo, Richardson 2018), one token behind a text. Gives what
/// SiglipTokenizer of transformers gives. Throws Error where the file cannot be read.
std::unique_ptr<TextTokenizer> read_siglip_tokenizer(const std::string& folder);

}  // namespace kindred
