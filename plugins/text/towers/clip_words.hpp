#pragma once

#include <string>
#include <vector>

namespace kindred {

/// What CLIP does to a text before it looks for words (Radford et al. 2021), as Hugging Face's CLIPTokenizer
/// does it: normalization form C, each run of white space as one blank, lower case.
std::u32string clip_normalized(const std::u32string& text);

/// The words of a normalised text: an English ending such as "'s", a run of letters, a single number, or a
/// run of what is neither; white space separates them and is dropped.
std::vector<std::u32string> clip_words(const std::u32string& text);

/// A word in UTF-8, each of its bytes as the character that byte-level encodings have for it (Radford et al.
/// 2019): visible ones stand for themselves, the others for U+0100 and what follows.
std::string byte_level(const std::u32string& word);

}  // namespace kindred
