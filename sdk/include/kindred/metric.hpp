#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "kindred/dataset.hpp"

namespace kindred {

/// What the exact search found for a tile of queries among their candidates: the other samples; where the
/// dataset has roles, those of the gallery; of pairs, the second objects. A query is never its own neighbour;
/// neighbours are ordered by distance, equal distances by row number. All tensors on the CPU.
struct Ranking {
  at::Tensor relevant;        ///< bool (Q, K): the k-th nearest neighbour has the query's label, or its pair
  at::Tensor relevant_count;  ///< int64 (Q): R, how many candidates are relevant
  at::Tensor first_relevant;  ///< int64 (Q): 1-based rank of the nearest relevant sample, 0 when R = 0
};

/// Everything that is measured at once.
struct EvaluatedSet {
  at::Tensor embeddings;                   ///< float32 (N, D), on any device
  at::Tensor labels;                       ///< int64 (N) on the CPU
  uint64_t seed = 0;                       ///< the pipeline's
  int64_t tile_bytes = int64_t{64} << 20;  ///< of one tile of a matrix of all pairs, which is never whole
  PairList pairs{};  ///< of a dataset of pairs: rows of `embeddings`; metrics over pairs use these alone
};

/// A metric is a number per query, or one of the whole set. Of the former, means, per-class means, intervals
/// and the handling of queries without relevant samples (R = 0: left out and counted) are the host's.
/// [thread-safe]
class __attribute__((visibility("default"))) Metric {
 public:
  static constexpr const char* kKind = "metric";
  static constexpr uint32_t kRevision = 4;
  virtual ~Metric() = default;

  /// Returns the key in result files: "r_precision", "precision_at_5".
  virtual std::string name() const = 0;

  /// Says what orders the neighbours: it is one of distance_names().
  virtual std::string distance() const = 0;

  /// How many nearest neighbours (K) it must see when the largest R among the queries is `largest_count`.
  virtual int64_t depth(int64_t largest_count) const = 0;

  /// float64 (Q): from 0 to 1 where larger is better, and not negative where smaller is, so that a rank is a
  /// value; from a ranking with relevant.size(1) >= min(depth, N - 1):
  /// metrics that order by the same distance share a search, so K may exceed what was asked for. Entries of
  /// queries with R = 0 are ignored.
  virtual at::Tensor per_query(const Ranking& ranking) const = 0;

  /// Says whether the metric is one number of the set: of_set() is called in place of depth() and
  /// per_query().
  virtual bool is_of_set() const { return false; }

  /// The value is from -1 to 1 where larger is better, and not negative where smaller is; it is NaN where it
  /// is undefined. Throws Error unless is_of_set().
  virtual double of_set(const EvaluatedSet& set) const;

  /// Says which way is better. Of a rank or a cost smaller values are: the host then keeps the epoch with the
  /// lowest value, and compares models the other way round.
  virtual bool higher_is_better() const { return true; }
};

/// A metric of the whole set: write name(), distance() and of_set().
class __attribute__((visibility("default"))) SetMetric : public Metric {
 public:
  bool is_of_set() const final { return true; }
  int64_t depth(int64_t) const final { return 0; }
  at::Tensor per_query(const Ranking&) const final;
  double of_set(const EvaluatedSet& set) const override = 0;
};

}  // namespace kindred
