#pragma once

#include <memory>
#include <string>

#include "text_tokenizer.hpp"

namespace kindred {

/// Gemma's tokenizer as SigLIP 2 uses it, from tokenizer.json of a folder as Hugging Face gives it: lower
/// case, no token before a text, one behind it. Gives what Siglip2Tokenizer of transformers gives. Throws
/// Error that names what is missing or is no such tokenizer.
std::unique_ptr<TextTokenizer> read_gemma_tokenizer(const std::string& folder);

}  // namespace kindred
