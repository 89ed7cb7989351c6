#include "host/evaluation/relevance.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "host/data/pair_lists.hpp"

namespace kindred::host {

Relevance::Relevance(const RetrievalTask& task) : by_pairs_(task.pairs.defined()) {
  const auto plain = task.labels.contiguous();
  labels_.assign(plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel());
  const auto* candidate = task.candidates.defined() ? task.candidates.data_ptr<bool>() : nullptr;
  const auto is_candidate = [&](int64_t row) { return candidate == nullptr || candidate[row]; };
  if (!by_pairs_) {
    for (int64_t row = 0; row < plain.numel(); ++row) {
      if (is_candidate(row)) relevant_[labels_[static_cast<size_t>(row)]].push_back(row);
    }
    return;
  }
  const auto rows = task.pairs.rows.contiguous();
  const auto scores = task.pairs.scores.contiguous();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    if (scores.data_ptr<float>()[i] < kSimilarScore) continue;
    const auto a = rows.data_ptr<int64_t>()[2 * i], b = rows.data_ptr<int64_t>()[2 * i + 1];
    if (is_candidate(b)) relevant_[a].push_back(b);
    if (is_candidate(a)) relevant_[b].push_back(a);
  }
  for (auto& [row, list] : relevant_) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

const std::vector<int64_t>& Relevance::of(int64_t row) const {
  static const std::vector<int64_t> none;
  const auto it = relevant_.find(by_pairs_ ? row : labels_[static_cast<size_t>(row)]);
  return it == relevant_.end() ? none : it->second;
}

bool Relevance::is_relevant(int64_t row, int64_t candidate) const {
  if (!by_pairs_) return labels_[static_cast<size_t>(row)] == labels_[static_cast<size_t>(candidate)];
  const auto& list = of(row);
  return std::binary_search(list.begin(), list.end(), candidate);
}

int64_t Relevance::count(int64_t row) const {
  const auto& list = of(row);
  return static_cast<int64_t>(list.size()) -
         static_cast<int64_t>(std::binary_search(list.begin(), list.end(), row));
}

std::vector<int64_t> counted_queries(const RetrievalTask& task) {
  const Relevance relevance(task);
  const auto rows = query_rows(task);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < rows.numel(); ++i) {
    if (relevance.count(rows.data_ptr<int64_t>()[i]) > 0) places.push_back(i);
  }
  return places;
}

bool tells_apart(const RetrievalTask& task) {
  if (task.pairs.defined()) return true;
  const Relevance relevance(task);
  const auto rows = task.labels.numel();
  const auto* candidate = task.candidates.defined() ? task.candidates.data_ptr<bool>() : nullptr;
  const int64_t candidates = candidate == nullptr ? rows : std::count(candidate, candidate + rows, true);
  const auto queries = query_rows(task);
  bool has_relevant = false;
  for (int64_t i = 0; i < queries.numel(); ++i) {
    const auto row = queries.data_ptr<int64_t>()[i];
    const auto others = candidates - (candidate == nullptr || candidate[row] ? 1 : 0);
    const auto relevant = relevance.count(row);
    if (relevant > 0 && relevant < others) return true;
    has_relevant = has_relevant || relevant > 0;
  }
  return !has_relevant;
}

}  // namespace kindred::host
