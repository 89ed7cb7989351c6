#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/index/manifest.hpp"
#include "kindred/index.hpp"

namespace kindred::host {

/// What decides which component an index gets.
struct IndexNeeds {
  int64_t rows = 0, dimension = 0;
  int64_t number_bytes = 2;  ///< of a number of a stored row
  Distance distance = Distance::cosine;
  double latency = 0.02;             ///< seconds that one query may take
  int64_t memory_bytes = 0;          ///< that searching may take, rows included that are compared
  double scan_bytes_per_second = 0;  ///< at which exact search passes over stored rows on this machine
  bool has_approximate = false;      ///< whether a component is there that need not compare each row
};

/// A component, and a sentence that says why it is this one.
struct IndexChoice {
  IndexComponent component;
  std::string reason;
};

/// Exact search as long as it answers in time and its rows fit into memory; else HNSW as long as that fits;
/// else codes of an inverted file, whose answers are ordered by the stored rows.
IndexChoice choose_index(const IndexNeeds& needs);

/// Bytes of stored rows that one query passes by per second, measured on some of `rows`, at least one.
double measured_scan_rate(const std::shared_ptr<const StoredRows>& rows, Distance distance);

}  // namespace kindred::host
