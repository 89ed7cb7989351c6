#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "host/search/scored_rows.hpp"
#include "kindred/distance.hpp"

namespace kindred::host {

/// What was found for Q queries, on the CPU: the nearest rows first, equal distances by row number. Where
/// fewer than k rows were candidates, the rest is row -1 and distance infinity.
struct Neighbours {
  at::Tensor rows;       ///< int64 (Q, k)
  at::Tensor distances;  ///< float32 (Q, k), by the definition in kindred/distance.hpp
};

struct SearchOptions {
  int64_t k = 10;                          ///< nearest rows per query, at least 1
  int64_t tile_bytes = int64_t{64} << 20;  ///< of the part of the score matrix that is there at once
  at::Tensor excluded{};                   ///< int64 (Q) on the CPU: a row each query shall not find, -1 for
                                           ///< none; undefined: none
  at::Tensor candidates{};  ///< bool (N) on the CPU: the rows that may be found; undefined: all
};

/// Exact nearest neighbours of any queries among rows that were added, in memory bounded by the rows and a
/// tile. It is what every other index is measured against.
///
/// The rows live on the device of the index as float32; for the cosine they are kept at unit length alone.
/// The k rows of a query are chosen by scores in float32 (scored_rows.hpp), then ordered by their distances,
/// each of which depends on its two rows alone. So neither tiles nor threads decide more than the choice
/// between rows whose distances to the query differ by less than the rounding of a product in float32.
///
/// [thread-safe] as long as no thread calls add() or load().
class ExactIndex {
 public:
  /// Throws Error unless p of lp is finite and at least 1.
  explicit ExactIndex(Distance distance, at::Device device = at::kCPU);

  Distance distance() const { return rows_.distance; }
  int64_t size() const { return size_; }            ///< N, rows added so far
  int64_t dimension() const { return dimension_; }  ///< D, 0 while no row was added

  /// Appends copies of rows (M, D), numbers of any type on any device; they get the row numbers from size()
  /// on. Throws Error, and adds nothing, when D is another than that of the rows there or a row has no length
  /// that float32 can hold: a number of it is not finite, or too large to be squared. The sentence names the
  /// first such row.
  void add(const at::Tensor& rows);

  /// The nearest rows of queries (Q, D), numbers of any type on any device. Throws Error when a query is no
  /// such row, or the options do not fit.
  Neighbours search(const at::Tensor& queries, const SearchOptions& options = {}) const;

  /// Writes the rows into a folder, which is made when it is missing. Whoever opens the folder sees the index
  /// that was there or this one, also after a crash. Throws Error when the folder holds something that is no
  /// index. Only one process at a time may write a folder.
  void save(const std::string& folder) const;

  /// Takes the rows of a folder that save() wrote in place of those here. Throws Error, and changes nothing,
  /// when the folder holds no index, one of another distance or version, or one whose files are damaged.
  void load(const std::string& folder);

 private:
  void append(at::Tensor rows, at::Tensor squares);
  void check_options(const at::Tensor& queries, const SearchOptions& options) const;
  void search_tile(const at::Tensor& queries, int64_t first, const SearchOptions& options,
                   int64_t rows_at_once, Neighbours& out) const;

  const at::Device device_;
  int64_t size_ = 0, dimension_ = 0;
  at::Tensor row_memory_, square_memory_;  // with room for more rows than there are
  ScoredRows rows_;                        // the first size_ of them
};

}  // namespace kindred::host
