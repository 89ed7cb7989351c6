#include "tokenizer.hpp"

#include <algorithm>

#include "kindred/error.hpp"
#include "unicode.hpp"

namespace kindred {
namespace {

int64_t number_of(const std::string& token, const Vocabulary& vocabulary) {
  const auto it = vocabulary.find(token);
  if (it == vocabulary.end()) {
    throw Error("the vocabulary has no token " + token + "; BERT begins, ends or pads every text with it");
  }
  return it->second;
}

}  // namespace

BertTokenizer::BertTokenizer(TokenizerSettings settings)
    : normalizer_(settings.normalizer),
      literal_(std::move(settings.literal)),
      pieces_(std::move(settings.vocabulary), std::move(settings.pieces)),
      first_(number_of(settings.first, pieces_.vocabulary())),
      last_(number_of(settings.last, pieces_.vocabulary())),
      padding_(number_of(settings.padding, pieces_.vocabulary())) {
  for (const auto& [token, id] : pieces_.vocabulary()) {
    if (id < 0) {
      throw Error("the vocabulary has the number " + std::to_string(id) + " for \"" + token +
                  "\", expected 0 or more");
    }
    largest_ = std::max(largest_, id);
  }
  const auto unusable = [&](const std::string& token) {
    return token.empty() || pieces_.vocabulary().count(token) == 0;
  };
  literal_.erase(std::remove_if(literal_.begin(), literal_.end(), unusable), literal_.end());
}

/// Finds the longest literal token that `text` begins with; null where there is none.
const std::string* BertTokenizer::literal_at(std::string_view text) const {
  const std::string* found = nullptr;
  for (const auto& token : literal_) {
    if (text.substr(0, token.size()) == token && (found == nullptr || token.size() > found->size()))
      found = &token;
  }
  return found;
}

void BertTokenizer::append(std::string_view text, std::vector<int64_t>& ids) const {
  for (const auto& word : split_words(normalizer_(decode_utf8(text)))) pieces_.append(word, ids);
}

std::vector<int64_t> BertTokenizer::operator()(std::string_view text, int64_t longest) const {
  std::vector<int64_t> ids = {first_};
  size_t begin = 0;
  for (size_t i = 0; i < text.size();) {
    const auto* token = literal_at(text.substr(i));
    if (token == nullptr) {
      ++i;
      continue;
    }
    append(text.substr(begin, i - begin), ids);
    ids.push_back(pieces_.vocabulary().at(*token));
    begin = i += token->size();
  }
  append(text.substr(begin), ids);
  const auto room = static_cast<size_t>(std::max<int64_t>(2, longest)) - 1;
  if (ids.size() > room) ids.resize(room);
  ids.push_back(last_);
  return ids;
}

}  // namespace kindred
