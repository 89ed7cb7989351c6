#include "host/search/exact_index.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "host/search/best_rows.hpp"
#include "host/search/index_files.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kFewestQueries = 16;  // a product of a matrix with fewer rows only waits for memory

std::string shape_text(const at::Tensor& tensor) {
  std::string text;
  for (const auto size : tensor.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "(" + text + ")";
}

/// Queries and rows whose scores are computed at once.
struct TileSize {
  int64_t queries, rows;
};

/// A tile has as many queries as fit with all rows; where fewer than a handful would, it has fewer rows.
TileSize tile_size(int64_t queries, int64_t rows, int64_t tile_bytes) {
  const int64_t numbers = std::max<int64_t>(tile_bytes / 4, 1);
  const int64_t whole = numbers / std::max<int64_t>(rows, 1);
  const int64_t together =
      std::clamp<int64_t>(whole, std::min({kFewestQueries, numbers, queries}), std::max<int64_t>(queries, 1));
  return {std::max<int64_t>(together, 1),
          std::clamp<int64_t>(numbers / std::max<int64_t>(together, 1), 1, std::max<int64_t>(rows, 1))};
}

/// |y|^2 of each row, which float32 can hold. `what`: "query" or "row". Throws Error that names the first bad
/// one.
at::Tensor usable_squares(Distance distance, const at::Tensor& rows, const std::string& what) {
  auto squares = squared_lengths(rows);
  const auto bad = squares.isfinite().logical_not().nonzero().cpu();
  const bool is_euclidean =
      distance.kind == Distance::euclidean || distance.kind == Distance::squared_euclidean;
  if (bad.size(0) == 0) {
    const auto lost = is_euclidean ? first_lost(rows, squares) : -1;
    if (lost < 0) return squares;
    throw Error(
        fmt::format("{} {} of {} is so short that float32 cannot hold its squared length, so that "
                    "distances to it are not known; take the cosine, or multiply all rows by one number",
                    what, lost, rows.size(0)));
  }
  const auto first = bad.data_ptr<int64_t>()[0];
  const bool is_large = rows[first].isfinite().all().item<bool>();
  throw Error(fmt::format(
      "{} {} of {} has {}; look at where it comes from", what, first, rows.size(0),
      is_large ? "a number whose square is too large for float32, so that distances to it are not known"
               : "a number that is not finite, so that it has no distance to anything"));
}

/// `memory` with `more` behind its first `used` rows; larger by half at least when it has to grow.
at::Tensor with_more(at::Tensor memory, int64_t used, const at::Tensor& more) {
  if (used == 0) return more;
  const int64_t needed = used + more.size(0);
  if (memory.size(0) < needed) {
    auto sizes = memory.sizes().vec();
    sizes[0] = std::max(needed, used + used / 2);
    auto larger = at::empty(sizes, memory.options());
    larger.slice(0, 0, used).copy_(memory.slice(0, 0, used));
    memory = std::move(larger);
  }
  memory.slice(0, used, needed).copy_(more);
  return memory;
}

/// What a tile found, one entry per neighbour.
struct Found {
  std::vector<int64_t> queries, rows;  ///< places in the tile, and row numbers
};

/// float32 on the CPU, one distance per entry, computed from operands of `bytes` at a time.
at::Tensor distances_of(const ScoredRows& rows, const at::Tensor& queries, const Found& found,
                        int64_t bytes) {
  const auto device = queries.device();
  const auto count = static_cast<int64_t>(found.rows.size());
  const int64_t step = std::max<int64_t>(bytes / (3 * 4 * queries.size(1)), 1);  // both sides, a difference
  const auto places = at::tensor(found.queries, at::kLong), others = at::tensor(found.rows, at::kLong);
  auto out = at::empty({count}, at::kFloat);
  for (int64_t first = 0; first < count; first += step) {
    const auto part = [&](const at::Tensor& list) {
      return list.slice(0, first, std::min(first + step, count)).to(device);
    };
    out.slice(0, first, std::min(first + step, count))
        .copy_(rows.distances(queries.index_select(0, part(places)), part(others)));
  }
  return out;
}

/// Writes the neighbours of one query in the order of their distances.
void write_ordered(const int64_t* rows, const float* distances, int64_t count, int64_t* out_rows,
                   float* out_distances) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return distances[a] < distances[b] || (distances[a] == distances[b] && rows[a] < rows[b]);
  });
  for (int64_t n = 0; n < count; ++n) {
    out_rows[n] = rows[order[static_cast<size_t>(n)]];
    out_distances[n] = distances[order[static_cast<size_t>(n)]];
  }
}

}  // namespace

ExactIndex::ExactIndex(Distance distance, at::Device device) : device_(device) {
  if (!std::isfinite(distance.p) || distance.p < 1) {
    throw Error(
        fmt::format("the distance lp has p = {}; an index needs a finite p of at least 1", distance.p));
  }
  rows_.distance = distance;
}

void ExactIndex::add(const at::Tensor& rows) {
  at::NoGradGuard no_grad;
  if (rows.dim() != 2 || rows.size(1) < 1) {
    throw Error(
        fmt::format("an index takes rows (N, D) of at least one number each, not {}", shape_text(rows)));
  }
  if (size_ > 0 && rows.size(1) != dimension_) {
    throw Error(fmt::format(
        "the index has rows of {} numbers and was given rows of {}; rows of one index come from one "
        "model",
        dimension_, rows.size(1)));
  }
  if (rows.size(0) == 0) return;
  const auto plain = rows.detach().to(device_, at::kFloat).contiguous();
  auto squares = usable_squares(distance(), plain, "row");
  auto kept = comparable_rows(distance(), plain);
  if (kept.is_alias_of(rows)) kept = kept.clone();
  append(std::move(kept), std::move(squares));
}

void ExactIndex::append(at::Tensor rows, at::Tensor squares) {
  const auto distance = rows_.distance;
  const int64_t size = size_ + rows.size(0), dimension = rows.size(1);
  auto row_memory = with_more(row_memory_, size_, rows);
  const bool is_euclidean =
      distance.kind == Distance::euclidean || distance.kind == Distance::squared_euclidean;
  if (is_euclidean) square_memory_ = with_more(square_memory_, size_, squares.mul_(0.5));
  row_memory_ = std::move(row_memory);
  size_ = size;
  dimension_ = dimension;
  rows_ = {distance, row_memory_.slice(0, 0, size_),
           is_euclidean ? square_memory_.slice(0, 0, size_) : at::Tensor()};
}

void ExactIndex::check_options(const at::Tensor& queries, const SearchOptions& options) const {
  if (queries.dim() != 2 || (size_ > 0 && queries.size(1) != dimension_)) {
    throw Error(fmt::format("queries are rows of {} numbers like those of the index, not {}",
                            size_ > 0 ? std::to_string(dimension_) : "D", shape_text(queries)));
  }
  if (options.k < 1) throw Error(fmt::format("k is {}; at least one neighbour can be searched", options.k));
  const auto& excluded = options.excluded;
  if (excluded.defined()) {
    if (excluded.scalar_type() != at::kLong || excluded.dim() != 1 || excluded.size(0) != queries.size(0)) {
      throw Error(fmt::format("excluded rows are int64 ({}), one per query, not {} {}", queries.size(0),
                              at::toString(excluded.scalar_type()), shape_text(excluded)));
    }
    if (excluded.numel() > 0 &&
        (excluded.min().item<int64_t>() < -1 || excluded.max().item<int64_t>() >= size_)) {
      throw Error(fmt::format(
          "excluded rows lie between -1, which is none, and {}, the last row; they go from {} to {}",
          size_ - 1, excluded.min().item<int64_t>(), excluded.max().item<int64_t>()));
    }
  }
  const auto& candidates = options.candidates;
  if (candidates.defined() &&
      (candidates.scalar_type() != at::kBool || candidates.dim() != 1 || candidates.size(0) != size_)) {
    throw Error(fmt::format("candidates are bool ({}), one per row of the index, not {} {}", size_,
                            at::toString(candidates.scalar_type()), shape_text(candidates)));
  }
}

Neighbours ExactIndex::search(const at::Tensor& queries, const SearchOptions& options) const {
  at::NoGradGuard no_grad;
  check_options(queries, options);
  const int64_t count = queries.size(0);
  Neighbours out{at::full({count, options.k}, -1, at::kLong),
                 at::full({count, options.k}, std::numeric_limits<float>::infinity(), at::kFloat)};
  const auto plain = queries.detach().to(device_, at::kFloat).contiguous();
  usable_squares(distance(), plain, "query");
  if (size_ == 0 || count == 0) return out;
  auto asked = options;
  if (asked.excluded.defined()) asked.excluded = asked.excluded.cpu().contiguous();
  if (asked.candidates.defined()) asked.candidates = asked.candidates.cpu().contiguous();
  const auto comparable = comparable_rows(distance(), plain);
  const auto tile = tile_size(count, size_, options.tile_bytes);
  for (int64_t first = 0; first < count; first += tile.queries) {
    search_tile(comparable.slice(0, first, std::min(first + tile.queries, count)), first, asked, tile.rows,
                out);
  }
  return out;
}

void ExactIndex::search_tile(const at::Tensor& queries, int64_t first, const SearchOptions& options,
                             int64_t rows_at_once, Neighbours& out) const {
  RowFilter filter;
  if (options.candidates.defined()) filter.candidates = options.candidates.data_ptr<bool>();
  if (options.excluded.defined()) filter.excluded = options.excluded.data_ptr<int64_t>();
  std::vector<BestRows> best(static_cast<size_t>(queries.size(0)), BestRows(options.k));
  for (int64_t begin = 0; begin < size_; begin += rows_at_once) {
    auto scores = rows_.part(begin, std::min(begin + rows_at_once, size_)).scores(queries).contiguous();
    if (scores.is_cpu()) {
      offer_all(scores, {first, begin}, filter, best);
    } else {
      offer_largest(scores, {first, begin}, filter, options.k, best);
    }
  }
  Found found;
  std::vector<int64_t> counts;
  for (size_t i = 0; i < best.size(); ++i) {
    const auto rows = best[i].taken();
    counts.push_back(static_cast<int64_t>(rows.size()));
    found.queries.insert(found.queries.end(), rows.size(), static_cast<int64_t>(i));
    found.rows.insert(found.rows.end(), rows.begin(), rows.end());
  }
  const auto distances = distances_of(rows_, queries, found, options.tile_bytes);
  int64_t next = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const int64_t place = (first + static_cast<int64_t>(i)) * options.k;
    write_ordered(found.rows.data() + next, distances.data_ptr<float>() + next, counts[i],
                  out.rows.data_ptr<int64_t>() + place, out.distances.data_ptr<float>() + place);
    next += counts[i];
  }
}

void ExactIndex::save(const std::string& folder) const {
  write_index_files(folder, {distance(), size_ > 0 ? rows_.rows : at::empty({0, 0}, at::kFloat)});
}

void ExactIndex::load(const std::string& folder) {
  at::NoGradGuard no_grad;
  const auto stored = read_index_files(folder);
  if (stored.distance.kind != distance().kind ||
      (stored.distance.kind == Distance::lp && stored.distance.p != distance().p)) {
    throw Error(
        fmt::format("{} holds an index of the distance {}, and {} is asked for; an index is opened with "
                    "the distance it was made with",
                    folder, distance_text(stored.distance), distance_text(distance())));
  }
  ExactIndex fresh(distance(), device_);
  if (stored.rows.size(0) > 0) {
    auto rows = stored.rows.to(device_);
    auto squares = usable_squares(distance(), rows, "row");
    fresh.append(std::move(rows), std::move(squares));
  }
  size_ = fresh.size_;
  dimension_ = fresh.dimension_;
  row_memory_ = fresh.row_memory_;
  square_memory_ = fresh.square_memory_;
  rows_ = fresh.rows_;
}

}  // namespace kindred::host
