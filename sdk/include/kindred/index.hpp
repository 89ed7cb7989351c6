#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "kindred/distance.hpp"

namespace kindred {

/// Rows that lie in files and that an index is built over. The host implements it. [thread-safe]
class __attribute__((visibility("default"))) StoredRows {
 public:
  virtual ~StoredRows() = default;

  virtual int64_t size() const = 0;       ///< N, the number of rows
  virtual int64_t dimension() const = 0;  ///< D, the numbers of a row

  /// The rows from `begin` up to `end`: float16 or float32 (end - begin, D) on the CPU, contiguous. The
  /// tensor may share the memory of a mapped file, which is read when it is used: copy what has to stay
  /// quick, and never write to it. Where the distance is the cosine the rows have length 1, as far as their
  /// dtype can say it. Throws Error when the rows are not there.
  virtual at::Tensor rows(int64_t begin, int64_t end) const = 0;
};

/// What was found for Q queries, on the CPU: the nearest rows first, equal distances by row number. Where
/// fewer than k rows were found, the rest is row -1 and distance infinity.
struct Neighbours {
  at::Tensor rows;       ///< int64 (Q, k)
  at::Tensor distances;  ///< float32 (Q, k), by the definition in kindred/distance.hpp
};

struct IndexSearch {
  int64_t k = 10;           ///< nearest rows per query, at least 1
  at::Tensor candidates{};  ///< bool (N) on the CPU: the rows that may be found; undefined: all
};

/// Stored rows -> the rows nearest to a query. The host keeps the rows, their ids and what is known of them,
/// and it adds and removes: new rows are searched exactly beside the index until it is built again, and
/// removed rows are no candidates. So an index is built once over rows that do not change.
///
/// The host calls build() or load() first, once. [search() const: thread-safe afterwards]
class __attribute__((visibility("default"))) Index {
 public:
  static constexpr const char* kKind = "index";
  static constexpr uint32_t kRevision = 1;
  virtual ~Index() = default;

  /// Says whether search() finds the very rows that comparing a query with each row finds. Where it does not,
  /// the host reports the share that is found on a sample.
  virtual bool is_exact() const = 0;

  /// Builds the index over all rows, of which there is at least one, and may keep them. Throws Error when it
  /// knows no such distance, or too few rows to learn from; the sentence says how many it needs.
  virtual void build(std::shared_ptr<const StoredRows> rows, Distance distance) = 0;

  /// Writes what load() needs besides the rows into `folder`, which exists and is empty. The host syncs the
  /// files and gives the folder its name. An index that needs nothing writes nothing. Throws Error.
  virtual void save(const std::string& folder) const = 0;

  /// Takes what save() wrote, in another process or of another version: the files may come from a stranger
  /// and may be damaged. `rows` are those that it was built over. Throws Error that names the file when it is
  /// missing, damaged, or does not fit the rows.
  virtual void load(const std::string& folder, std::shared_ptr<const StoredRows> rows, Distance distance) = 0;

  /// The nearest rows of queries float32 (Q, D) on the CPU, contiguous, Q at least 1; of length 1 where the
  /// distance is the cosine. Only candidates are found, also where few of many rows are: an index that looks
  /// at a part of the rows looks further then. Distances may be estimates, since the host computes those that
  /// it reports from the rows.
  virtual Neighbours search(const at::Tensor& queries, const IndexSearch& request) const = 0;

  /// How much memory searching takes beside the rows, in bytes.
  virtual int64_t memory_bytes() const = 0;
};

}  // namespace kindred
