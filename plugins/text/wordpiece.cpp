#include "wordpiece.hpp"

#include <algorithm>

#include "kindred/error.hpp"
#include "unicode.hpp"

namespace kindred {

WordPiece::WordPiece(Vocabulary vocabulary, Settings settings)
    : vocabulary_(std::move(vocabulary)), settings_(std::move(settings)) {
  const auto it = vocabulary_.find(settings_.unknown);
  if (it == vocabulary_.end()) {
    throw Error("the vocabulary has no token " + settings_.unknown + " for words that it does not cover");
  }
  unknown_ = it->second;
  for (const auto& [token, id] : vocabulary_) longest_token_ = std::max(longest_token_, token.size());
}

void WordPiece::append(const std::u32string& word, std::vector<int64_t>& ids) const {
  const auto first = ids.size();
  std::string piece;
  std::vector<size_t> ends;  // bytes of `piece` up to and with each code point
  for (size_t begin = 0; begin < word.size() && word.size() <= settings_.longest_word;) {
    piece = begin > 0 ? settings_.continuation : "";
    ends.clear();
    for (size_t i = begin; i < word.size() && piece.size() <= longest_token_; ++i) {
      append_utf8(piece, word[i]);
      ends.push_back(piece.size());
    }
    auto it = vocabulary_.end();
    for (; !ends.empty(); ends.pop_back()) {
      piece.resize(ends.back());
      it = vocabulary_.find(piece);
      if (it != vocabulary_.end()) break;
    }
    if (it == vocabulary_.end()) break;
    ids.push_back(it->second);
    begin += ends.size();
    if (begin == word.size()) return;
  }
  ids.resize(first);
  ids.push_back(unknown_);
}

}  // namespace kindred
