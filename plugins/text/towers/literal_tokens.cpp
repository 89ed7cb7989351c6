#include "literal_tokens.hpp"

#include <algorithm>

namespace kindred {

LiteralTokens::LiteralTokens(Vocabulary tokens) : tokens_(std::move(tokens)), sizes_(256) {
  tokens_.erase("");
  for (const auto& [token, id] : tokens_) {
    auto& sizes = sizes_[static_cast<unsigned char>(token.front())];
    if (std::find(sizes.begin(), sizes.end(), token.size()) == sizes.end()) sizes.push_back(token.size());
  }
  for (auto& sizes : sizes_) std::sort(sizes.rbegin(), sizes.rend());
}

const Vocabulary::value_type* LiteralTokens::longest_at(std::string_view text) const {
  for (const auto size : sizes_[static_cast<unsigned char>(text.front())]) {
    if (size > text.size()) continue;
    const auto it = tokens_.find(std::string(text.substr(0, size)));
    if (it != tokens_.end()) return &*it;
  }
  return nullptr;
}

void LiteralTokens::split(std::string_view text, std::vector<int64_t>& ids,
                          const std::function<void(std::string_view)>& append) const {
  size_t begin = 0;
  for (size_t i = 0; i < text.size();) {
    const auto* found = longest_at(text.substr(i));
    if (found == nullptr) {
      ++i;
      continue;
    }
    if (i > begin) append(text.substr(begin, i - begin));
    ids.push_back(found->second);
    begin = i += found->first.size();
  }
  if (begin < text.size()) append(text.substr(begin));
}

}  // namespace kindred
