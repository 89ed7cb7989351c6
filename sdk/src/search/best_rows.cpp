#include "kindred/search/best_rows.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <tuple>

#include "kindred/search/score_scan.hpp"

namespace kindred {
namespace {

constexpr int64_t kScoresPerThread = 32768;  // fewer are looked at sooner than a thread is woken
constexpr float kNever = -std::numeric_limits<float>::infinity();

/// `marked` has room for the runs of a row.
void offer_row(const float* scores, int64_t count, TilePlace place, int64_t i, const RowFilter& filter,
               std::vector<uint8_t>& marked, BestRows& best) {
  mark_scores(scores, count, best.worst(), marked.data());
  for (int64_t run = 0; run < score_runs(count); ++run) {
    if (marked[static_cast<size_t>(run)] == 0) continue;
    const int64_t end = std::min((run + 1) * kScoreRun, count);
    for (int64_t j = run * kScoreRun; j < end; ++j) {
      const int64_t row = place.row(j);
      if (best.may_keep(scores[j]) && filter.admits(place.first_query + i, row)) best.offer(scores[j], row);
    }
  }
}

/// Makes every score that the filter does not admit one that is never kept.
void erase_others(at::Tensor& scores, TilePlace place, const RowFilter& filter) {
  const int64_t queries = scores.size(0), rows = scores.size(1);
  if (filter.candidates != nullptr) {
    std::vector<int64_t> others;
    for (int64_t j = 0; j < rows; ++j) {
      if (!filter.candidates[place.row(j)]) others.push_back(j);
    }
    scores.index_fill_(1, at::tensor(others, at::kLong).to(scores.device()), kNever);
  }
  if (filter.excluded != nullptr) {
    std::vector<int64_t> places;  // in the flat tile
    for (int64_t i = 0; i < queries; ++i) {
      const auto j = place.column(filter.excluded[place.first_query + i], rows);
      if (j >= 0) places.push_back(i * rows + j);
    }
    scores.view({-1}).index_fill_(0, at::tensor(places, at::kLong).to(scores.device()), kNever);
  }
}

}  // namespace

int64_t TilePlace::column(int64_t row, int64_t count) const {
  if (rows == nullptr) return row >= first_row && row < first_row + count ? row - first_row : -1;
  const auto* found = std::lower_bound(rows, rows + count, row);
  return found != rows + count && *found == row ? found - rows : -1;
}

void BestRows::take(float score, int64_t row) {
  const Scored offered{score, row};
  if (heap_.size() == k_) {
    if (k_ == 0 || !is_better(offered, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), is_better);
    heap_.back() = offered;
  } else {
    heap_.push_back(offered);
  }
  std::push_heap(heap_.begin(), heap_.end(), is_better);
  if (heap_.size() == k_) worst_ = heap_.front().score;
}

std::vector<int64_t> BestRows::taken() {
  std::sort(heap_.begin(), heap_.end(), is_better);
  std::vector<int64_t> rows;
  rows.reserve(heap_.size());
  for (const auto& one : heap_) rows.push_back(one.row);
  heap_.clear();
  worst_ = std::numeric_limits<float>::lowest();
  return rows;
}

void offer_all(const at::Tensor& scores, TilePlace place, const RowFilter& filter,
               std::vector<BestRows>& best) {
  const auto* score = scores.data_ptr<float>();
  const int64_t count = scores.size(1);
  const int64_t queries_per_thread = std::max<int64_t>(kScoresPerThread / std::max<int64_t>(count, 1), 1);
  at::parallel_for(0, scores.size(0), queries_per_thread, [&](int64_t begin, int64_t end) {
    std::vector<uint8_t> marked(static_cast<size_t>(score_runs(count)));
    for (int64_t i = begin; i < end; ++i) {
      offer_row(score + i * count, count, place, i, filter, marked, best[static_cast<size_t>(i)]);
    }
  });
}

void offer_largest(at::Tensor& scores, TilePlace place, const RowFilter& filter, int64_t k,
                   std::vector<BestRows>& best) {
  erase_others(scores, place, filter);
  const int64_t count = scores.size(1), depth = std::min(k + 1, count);
  const auto largest = scores.topk(depth, 1, true, true);
  const auto values = std::get<0>(largest).cpu().contiguous();
  const auto places = std::get<1>(largest).cpu().contiguous();
  at::Tensor whole;  // on the CPU, copied when a tie asks for it
  std::vector<uint8_t> marked(static_cast<size_t>(score_runs(count)));
  for (int64_t i = 0; i < scores.size(0); ++i) {
    const auto* value = values.data_ptr<float>() + i * depth;
    const auto* column = places.data_ptr<int64_t>() + i * depth;
    auto& kept = best[static_cast<size_t>(i)];
    const bool is_tied = k > 0 && depth == k + 1 && value[k] == value[k - 1] && value[k] != kNever;
    if (is_tied) {
      if (!whole.defined()) whole = scores.cpu().contiguous();
      offer_row(whole.data_ptr<float>() + i * count, count, place, i, filter, marked, kept);
      continue;
    }
    for (int64_t n = 0; n < std::min(k, depth); ++n) kept.offer(value[n], place.row(column[n]));
  }
}

}  // namespace kindred
