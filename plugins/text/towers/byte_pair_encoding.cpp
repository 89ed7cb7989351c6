#include "byte_pair_encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <queue>
#include <tuple>

#include "kindred/error.hpp"
#include "unicode.hpp"

namespace kindred {
namespace {

int64_t token_number(const std::string& token, const Vocabulary& vocabulary) {
  const auto it = vocabulary.find(token);
  return it == vocabulary.end() ? -1 : it->second;
}

uint64_t key_of(int64_t left, int64_t right) {
  return (static_cast<uint64_t>(left) << 32) | static_cast<uint64_t>(right);
}

/// Two symbols that could be joined. The queue gives the least rank, and of equal ones the leftmost.
struct Candidate {
  int64_t rank, place, token;
  bool operator<(const Candidate& other) const {
    return std::tie(other.rank, other.place) < std::tie(rank, place);
  }
};

}  // namespace

BytePairEncoding::BytePairEncoding(BytePairSettings settings) : settings_(std::move(settings)) {
  const auto& vocabulary = settings_.vocabulary;
  for (const auto& [token, id] : vocabulary) {
    if (id < 0 || id > UINT32_MAX)
      throw Error("the vocabulary has the number " + std::to_string(id) + " for \"" + token +
                  "\", expected 0 to " + std::to_string(UINT32_MAX));
  }
  int64_t rank = 0;
  for (const auto& [left, right] : settings_.merges) {
    const auto a = token_number(left, vocabulary), b = token_number(right, vocabulary);
    const auto whole = token_number(left + right, vocabulary);
    if (a < 0 || b < 0 || whole < 0) {
      throw Error("the merge number " + std::to_string(rank + 1) + " joins \"" + left + "\" and \"" + right +
                  "\", but the vocabulary lacks one of them or what they give; the files belong to two "
                  "tokenizers");
    }
    merges_[key_of(a, b)] = {rank++, whole};  // of two equal ones the last counts
  }
  settings_.merges.clear();
  unknown_ = token_number(settings_.unknown, vocabulary);
  if (!settings_.byte_fallback) return;
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::array<char, 8> name{};
    std::snprintf(name.data(), name.size(), "<0x%02X>", byte);
    bytes_.push_back(token_number(name.data(), vocabulary));
  }
}

const BytePairEncoding::Merge* BytePairEncoding::merge_of(int64_t left, int64_t right) const {
  const auto it = merges_.find(key_of(left, right));
  return it == merges_.end() ? nullptr : &it->second;
}

bool BytePairEncoding::append_bytes(std::string_view bytes, std::vector<Symbol>& symbols) const {
  const auto before = symbols.size();
  for (const char c : bytes) {
    const auto token = bytes_.empty() ? -1 : bytes_[static_cast<unsigned char>(c)];
    if (token < 0) {
      symbols.resize(before);
      return false;
    }
    symbols.push_back({token, 0, 0});
  }
  return true;
}

std::vector<BytePairEncoding::Symbol> BytePairEncoding::symbols_of(std::string_view word) const {
  std::vector<Symbol> symbols;
  bool unknown_before = false;
  for (size_t begin = 0; begin < word.size();) {
    const auto end = std::min(word.size(), begin + size_of_character(word[begin]));
    auto symbol = std::string(word.substr(begin, end - begin));
    if (end == word.size()) symbol += settings_.end_of_word;
    begin = end;
    const auto token = token_number(symbol, settings_.vocabulary);
    const bool known = token >= 0;
    if (known) symbols.push_back({token, 0, 0});
    const bool unknown = !known && !append_bytes(symbol, symbols) && unknown_ >= 0;
    if (unknown && !(unknown_before && settings_.joins_unknown)) symbols.push_back({unknown_, 0, 0});
    unknown_before = unknown;
  }
  for (size_t i = 0; i < symbols.size(); ++i) {
    symbols[i].previous = static_cast<int64_t>(i) - 1;
    symbols[i].next = i + 1 < symbols.size() ? static_cast<int64_t>(i) + 1 : -1;
  }
  return symbols;
}

void BytePairEncoding::append(std::string_view word, std::vector<int64_t>& ids) const {
  auto symbols = symbols_of(word);
  const auto at = [&](int64_t place) -> Symbol& { return symbols[static_cast<size_t>(place)]; };
  std::priority_queue<Candidate> queue;
  const auto offer = [&](int64_t place) {
    if (place < 0 || at(place).next < 0) return;
    const auto* merge = merge_of(at(place).token, at(at(place).next).token);
    if (merge != nullptr) queue.push({merge->rank, place, merge->token});
  };
  for (size_t i = 0; i < symbols.size(); ++i) offer(static_cast<int64_t>(i));
  while (!queue.empty()) {
    const auto top = queue.top();
    queue.pop();
    auto& left = at(top.place);
    if (left.token < 0 || left.next < 0) continue;
    auto& right = at(left.next);
    // What was offered before one of the two was joined to another is out of date, unless it gives the same.
    const auto* merge = merge_of(left.token, right.token);
    if (merge == nullptr || merge->token != top.token) continue;
    left.token = top.token;
    left.next = right.next;
    if (right.next >= 0) at(right.next).previous = top.place;
    right = {-1, -1, -1};
    offer(left.previous);
    offer(top.place);
  }
  for (const auto& symbol : symbols) {
    if (symbol.token >= 0) ids.push_back(symbol.token);
  }
}

}  // namespace kindred
