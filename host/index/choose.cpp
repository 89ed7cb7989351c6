#include "host/index/choose.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/base/clock.hpp"
#include "host/base/size_text.hpp"
#include "host/index/row_store.hpp"
#include "kindred/exact_search.hpp"

namespace kindred::host {
namespace {

constexpr const char* kFlat = "kindred.flat";
constexpr const char* kApproximate = "kindred.faiss";
constexpr int64_t kLinks = 32;       // of a row of HNSW, twice as many in its lowest layer
constexpr int64_t kCellRows = 39;    // FAISS wants as many rows to learn the centre of a cell from
constexpr int64_t kOversample = 10;  // of codes
constexpr int64_t kFewestCells = 64, kMostCells = 1 << 18;
constexpr int64_t kMeasuredRows = 1 << 16;
constexpr int kMeasurements = 3;  // at least; where one takes milliseconds whatever else runs counts for more
constexpr double kMeasureSeconds = 0.1;

std::string bytes_text(int64_t bytes) { return size_text(static_cast<uintmax_t>(bytes)); }

bool has_inner_product(Distance distance) {
  switch (distance.kind) {
    case Distance::cosine:
    case Distance::dot:
    case Distance::euclidean:
    case Distance::squared_euclidean:
      return true;
    default:
      return false;
  }
}

int64_t hnsw_bytes(const IndexNeeds& needs) {
  // Its own float32 rows, the links of the lowest layer and a few above it.
  return needs.rows * (needs.dimension * 4 + 2 * kLinks * 4 + kLinks * 4 / (kLinks - 1) + 16);
}

int64_t power_of_two_below(double number) {
  int64_t power = 1;
  while (static_cast<double>(power) * 2 <= number) power *= 2;
  return power;
}

/// The largest number of bytes per code that divides a row evenly and fits into memory; at least 4 numbers of
/// a row share a byte.
int64_t code_bytes(const IndexNeeds& needs) {
  int64_t best = 1;
  for (int64_t bytes = 1; bytes <= std::max<int64_t>(needs.dimension / 4, 1); ++bytes) {
    if (needs.dimension % bytes == 0 && (needs.rows * (bytes + 8) <= needs.memory_bytes || bytes == 1))
      best = bytes;
  }
  return best;
}

IndexChoice flat(const std::string& reason) {
  IndexChoice choice;
  choice.component.id = kFlat;
  choice.reason = reason;
  return choice;
}

IndexChoice hnsw(const std::string& why, int64_t bytes, int64_t memory) {
  IndexChoice choice;
  choice.component.id = kApproximate;
  choice.component.params = {{"factory", fmt::format("HNSW{}", kLinks)}};
  choice.reason = fmt::format("HNSW, since {}; it takes about {} of the {} that are given", why,
                              bytes_text(bytes), bytes_text(memory));
  return choice;
}

IndexChoice codes(const IndexNeeds& needs, const std::string& why, int64_t bytes_of_hnsw) {
  const auto cells = std::clamp(power_of_two_below(std::min(4 * std::sqrt(static_cast<double>(needs.rows)),
                                                            static_cast<double>(needs.rows / kCellRows))),
                                kFewestCells, kMostCells);
  const auto bytes = code_bytes(needs);
  const auto total = needs.rows * (bytes + 8) + cells * needs.dimension * 4;
  IndexChoice choice;
  choice.component.id = kApproximate;
  choice.component.params = {{"factory", fmt::format("IVF{},PQ{}", cells, bytes)},
                             {"nprobe", std::max<int64_t>(cells / 32, 8)}};
  choice.component.oversample = kOversample;
  choice.reason = fmt::format(
      "IVF-PQ with codes of {} bytes, whose answers are ordered by the stored rows, since {}, and HNSW would "
      "take {} of "
      "the {} that are given; it takes about {}{}",
      bytes, why, bytes_text(bytes_of_hnsw), bytes_text(needs.memory_bytes), bytes_text(total),
      total > needs.memory_bytes ? ", which is more than is given" : "");
  return choice;
}

}  // namespace

IndexChoice choose_index(const IndexNeeds& needs) {
  const auto row_bytes = needs.rows * needs.dimension * needs.number_bytes;
  const auto rows = fmt::format("{} rows of {} numbers", needs.rows, needs.dimension);
  const auto seconds =
      needs.scan_bytes_per_second > 0 ? static_cast<double>(row_bytes) / needs.scan_bytes_per_second : 0;
  const bool fits = row_bytes <= needs.memory_bytes, is_quick = seconds <= needs.latency;
  const auto time = fmt::format("comparing a query with all {} takes about {:.3g} ms", rows, seconds * 1e3);
  if (fits && is_quick) return flat(fmt::format("exact search, since {}", time));
  const auto why = is_quick
                       ? fmt::format("{} take {}, more than the {} that are given", rows,
                                     bytes_text(row_bytes), bytes_text(needs.memory_bytes))
                       : fmt::format("{}, more than the {:.3g} ms that are given", time, needs.latency * 1e3);
  if (!has_inner_product(needs.distance))
    return flat(fmt::format("exact search, though {}: no other index knows the distance {}", why,
                            distance_title(needs.distance)));
  if (!needs.has_approximate)
    return flat(
        fmt::format("exact search, though {}: the plugin faiss was not found, which has the indexes "
                    "that compare fewer rows",
                    why));
  const auto bytes = hnsw_bytes(needs);
  return bytes <= needs.memory_bytes ? hnsw(why, bytes, needs.memory_bytes) : codes(needs, why, bytes);
}

double measured_scan_rate(const std::shared_ptr<const StoredRows>& rows, Distance distance) {
  const RowRange some(rows, 0, std::min(rows->size(), kMeasuredRows));
  const auto first = some.rows(0, 1);
  const auto query = first.to(at::kFloat).contiguous();
  const auto bytes = some.size() * some.dimension() * static_cast<int64_t>(first.element_size());
  double fastest = std::numeric_limits<double>::max();
  const auto begin = now_seconds();
  for (int i = 0; i < kMeasurements || now_seconds() - begin < kMeasureSeconds; ++i) {
    const auto start = now_seconds();
    exact_search(some, distance, query, IndexSearch{});
    fastest = std::min(fastest, now_seconds() - start);
  }
  return static_cast<double>(bytes) / std::max(fastest, 1e-9);
}

}  // namespace kindred::host
