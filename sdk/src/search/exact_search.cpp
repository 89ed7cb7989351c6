#include "kindred/exact_search.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kindred/error.hpp"
#include "kindred/search/best_rows.hpp"
#include "kindred/search/scored_rows.hpp"
#include "search_request.hpp"

namespace kindred {
namespace {

constexpr int64_t kQueriesAtOnce = 1024;
constexpr int64_t kKeptAtOnce = int64_t{1} << 22;     // neighbours of all queries and workers together
constexpr int64_t kNumbersOfTile = int64_t{1} << 18;  // of a tile of rows, or of its scores: both in a cache
constexpr int64_t kNumbersOfDevice = int64_t{1} << 24;    // the same on another device
constexpr int64_t kFewestRows = 64, kMostRows = 1 << 16;  // of a tile

/// What all tiles of one search have in common.
struct Search {
  const StoredRows& rows;
  Distance distance;
  at::Tensor queries;  // comparable, on the device of the rows
  int64_t k;
  const bool* candidates;
};

/// The candidates among rows, as places from `begin` on.
std::vector<int64_t> places_of(const bool* candidates, int64_t begin, int64_t end) {
  std::vector<int64_t> places;
  for (int64_t row = begin; row < end; ++row) {
    if (candidates[row]) places.push_back(row - begin);
  }
  return places;
}

/// float32 rows of a tile with what scores need. float16 cannot say a length of 1 exactly.
ScoredRows scored_tile(Distance distance, const at::Tensor& rows) {
  const bool is_comparable = distance.kind != Distance::cosine || rows.scalar_type() == at::kFloat;
  ScoredRows out{distance, is_comparable ? rows.to(at::kFloat) : comparable_rows(distance, rows), {}};
  if (is_euclidean(distance)) out.half_squares = squared_lengths(out.rows).mul_(0.5);
  return out;
}

/// Offers the candidates among the rows from `begin` up to `end` to every query.
void offer_tile(const Search& search, int64_t begin, int64_t end, std::vector<BestRows>& best) {
  auto rows = search.rows.rows(begin, end);
  TilePlace place{0, begin};
  RowFilter filter;
  std::vector<int64_t> chosen;
  if (search.candidates != nullptr) {
    chosen = places_of(search.candidates, begin, end);
    if (chosen.empty()) return;
    if (2 * static_cast<int64_t>(chosen.size()) > end - begin) {
      filter.candidates = search.candidates;
    } else {
      rows = rows.index_select(0, at::tensor(chosen, at::kLong).to(rows.device()));
      for (auto& one : chosen) one += begin;
      place.rows = chosen.data();
    }
  }
  auto scores = scored_tile(search.distance, rows).scores(search.queries).contiguous();
  if (scores.is_cpu()) {
    offer_all(scores, place, filter, best);
  } else {
    offer_largest(scores, place, filter, search.k, best);
  }
}

int64_t rows_of_tile(const Search& search) {
  const int64_t widest = std::max<int64_t>({search.queries.size(0), search.rows.dimension(), 1});
  const int64_t numbers = search.queries.is_cpu() ? kNumbersOfTile : kNumbersOfDevice;
  return std::clamp(numbers / widest, kFewestRows, kMostRows);
}

/// The best rows of every query. Each worker takes one tile of rows after the other and keeps what it finds
/// to itself, so that none waits for another.
std::vector<BestRows> best_of_all(const Search& search) {
  const int64_t size = search.rows.size(), step = rows_of_tile(search), tiles = (size + step - 1) / step;
  const int64_t workers = search.queries.is_cpu() ? std::min<int64_t>(at::get_num_threads(), tiles) : 1;
  const auto queries = static_cast<size_t>(search.queries.size(0));
  std::vector<std::vector<BestRows>> found(static_cast<size_t>(workers),
                                           std::vector<BestRows>(queries, BestRows(search.k)));
  std::atomic<int64_t> next{0};
  at::parallel_for(0, workers, 1, [&](int64_t first, int64_t last) {
    at::NoGradGuard no_grad;
    for (int64_t w = first; w < last; ++w) {
      for (int64_t tile = next++; tile < tiles; tile = next++) {
        offer_tile(search, tile * step, std::min((tile + 1) * step, size), found[static_cast<size_t>(w)]);
      }
    }
  });
  for (size_t w = 1; w < found.size(); ++w) {
    for (size_t i = 0; i < queries; ++i) found[0][i].offer_all_of(found[w][i]);
  }
  return std::move(found[0]);
}

/// int64 (Q, k): the numbers of the chosen rows, -1 behind them.
void write_chosen(std::vector<BestRows>& best, int64_t k, int64_t* out) {
  for (auto& one : best) {
    const auto rows = one.taken();
    std::copy(rows.begin(), rows.end(), out);
    out += k;
  }
}

}  // namespace

Neighbours exact_search(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                        const IndexSearch& request) {
  at::NoGradGuard no_grad;
  check_search(rows, distance, queries, request);
  const int64_t count = queries.size(0), k = request.k;
  auto chosen = at::full({count, k}, -1, at::kLong);
  if (rows.size() > 0) {
    const auto candidates = request.candidates.defined() ? request.candidates.contiguous() : at::Tensor();
    const auto device = rows.rows(0, 1).device();
    const auto comparable = comparable_rows(distance, queries).to(device);
    const int64_t kept = k * (device.is_cpu() ? at::get_num_threads() : 1);
    const int64_t step = std::clamp<int64_t>(kKeptAtOnce / kept, 1, kQueriesAtOnce);
    for (int64_t first = 0; first < count; first += step) {
      const auto part = comparable.slice(0, first, std::min(first + step, count));
      auto best = best_of_all(
          {rows, distance, part, k, candidates.defined() ? candidates.data_ptr<bool>() : nullptr});
      write_chosen(best, k, chosen.data_ptr<int64_t>() + first * k);
    }
  }
  return rescored(rows, distance, queries, chosen, k);
}

}  // namespace kindred
