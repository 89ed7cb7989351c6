#include "sentence_pieces.hpp"

#include <algorithm>
#include <limits>

#include "blank_mark.hpp"
#include "kindred/error.hpp"
#include "unicode.hpp"

namespace kindred {
namespace {

constexpr float kUnknownPenalty = 10;  // how much less than the least score a code point without a piece has

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

SentencePieces::SentencePieces(const std::string& path)
    : path_(path), model_(read_piece_model(path)), characters_(model_.characters, path) {
  least_score_ = std::numeric_limits<float>::max();
  largest_score_ = std::numeric_limits<float>::lowest();
  for (size_t i = 0; i < model_.pieces.size(); ++i) {
    const auto& piece = model_.pieces[i];
    const auto number = static_cast<int64_t>(i);
    numbers_.emplace(piece.text, number);
    if (piece.kind == PieceModelFile::unknown) unknown_ = number;
    if (piece.kind == PieceModelFile::normal) {
      least_score_ = std::min(least_score_, piece.score);
      largest_score_ = std::max(largest_score_, piece.score);
    }
    if (piece.kind == PieceModelFile::byte) {
      throw Error(path + " has pieces of single bytes, such as \"" + piece.text +
                  "\", expected a model of characters, which SigLIP has");
    }
    if (piece.text.empty()) continue;
    if (piece.kind != PieceModelFile::normal && piece.kind != PieceModelFile::user_defined) continue;
    dividing_.emplace(piece.text, number);
    longest_ = std::max(longest_, piece.text.size());
  }
}

int64_t SentencePieces::number_of(const std::string& piece) const {
  const auto it = numbers_.find(piece);
  return it == numbers_.end() ? -1 : it->second;
}

std::string SentencePieces::normalized(std::string_view text) const {
  std::string out;
  bool has_begun = !model_.removes_blanks, blank_before = model_.removes_blanks;
  while (!text.empty()) {
    auto [part, size] = characters_.at_beginning(text);
    text.remove_prefix(size);
    if (!has_begun && part == " ") continue;
    if (!has_begun || out.empty()) {
      if (out.empty() && model_.adds_blank) out = model_.marks_blanks ? kBlankMarkBytes : " ";
      has_begun = true;
    }
    while (blank_before && !part.empty() && part.front() == ' ') part.remove_prefix(1);
    if (part.empty()) continue;
    for (const char c : part) {
      if (c == ' ' && model_.marks_blanks) {
        out += kBlankMarkBytes;
      } else {
        out += c;
      }
    }
    blank_before = model_.removes_blanks && part.back() == ' ';
  }
  const auto blank = model_.marks_blanks ? kBlankMarkBytes : " ";
  while (model_.removes_blanks && ends_with(out, blank)) out.resize(out.size() - blank.size());
  return out;
}

float SentencePieces::score_of(int64_t piece, size_t size) const {
  const auto& one = model_.pieces[static_cast<size_t>(piece)];
  if (one.kind != PieceModelFile::user_defined) return one.score;
  return static_cast<float>(static_cast<double>(static_cast<float>(size) * largest_score_) - 0.1);
}

std::vector<int64_t> SentencePieces::operator()(std::string_view text) const {
  const auto clean = normalized(text);
  struct End {
    int64_t piece = -1;
    float score = 0;
    size_t begin = std::string::npos;
  };
  std::vector<End> ends(clean.size() + 1);  // the best way to divide what stands before each place
  ends[0].begin = 0;
  const auto offer = [&](size_t begin, size_t end, int64_t piece, float score) {
    auto& target = ends[end];
    const auto sum = ends[begin].score + score;
    if (target.begin == std::string::npos || sum > target.score) target = {piece, sum, begin};
  };
  std::string piece;
  for (size_t begin = 0; begin < clean.size();) {
    const auto next = std::min(clean.size(), begin + size_of_character(clean[begin]));
    bool has_own = false;
    for (auto end = next; end <= clean.size() && end - begin <= longest_;) {
      piece.assign(clean, begin, end - begin);
      const auto it = dividing_.find(piece);
      if (it != dividing_.end()) {
        offer(begin, end, it->second, score_of(it->second, end - begin));
        has_own = has_own || end == next;
      }
      if (end == clean.size()) break;
      end = std::min(clean.size(), end + size_of_character(clean[end]));
    }
    if (!has_own) offer(begin, next, unknown_, least_score_ - kUnknownPenalty);
    begin = next;
  }
  std::vector<int64_t> ids;
  for (auto end = clean.size(); end > 0; end = ends[end].begin) {
    const bool joined = ends[end].piece == unknown_ && !ids.empty() && ids.back() == unknown_;
    if (!joined) ids.push_back(ends[end].piece);
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

}  // namespace kindred
