#pragma once

#include <memory>
#include <string>

#include "text_tokenizer.hpp"

namespace kindred {

/// CLIP's tokenizer, from tokenizer.json or from vocab.json and merges.txt of a folder as Hugging Face gives
/// it. Gives what CLIPTokenizer of transformers gives. Throws Error that names what is missing or is no such
/// tokenizer.
std::unique_ptr<TextTokenizer> read_clip_tokenizer(const std::string& folder);

}  // namespace kindred
