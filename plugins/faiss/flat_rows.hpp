#pragma once

#include <faiss/Index.h>
#include <faiss/IndexFlat.h>

#include <cstdint>

namespace kindred {

/// The rows of a graph, compared by vectors of the processor. FAISS compiled without its instruction sets, as
/// Debian's is, compares a row with one multiplication at a time, which makes a search in a graph four times
/// as long. Its file is that of faiss::IndexFlat.
struct FlatRows final : faiss::IndexFlat {
  FlatRows(int64_t dimension, faiss::MetricType metric) : IndexFlat(static_cast<int>(dimension), metric) {}
  faiss::FlatCodesDistanceComputer* get_FlatCodesDistanceComputer() const override;
};

/// Puts FlatRows in the place of plain rows where this FAISS has no instruction set of its own; returns what
/// stands there now. `rows` are taken over, and the caller owns what is returned.
faiss::Index* quick_rows(faiss::Index* rows);

/// The sum of products, and of squared differences, of two rows of `dimension` numbers.
float inner_product(const float* a, const float* b, int64_t dimension);
float squared_distance(const float* a, const float* b, int64_t dimension);

}  // namespace kindred
