#pragma once

#include <faiss/IndexHNSW.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace kindred {

/// Goes through the links of a graph that FAISS built over FlatRows, where this FAISS would be slow: it
/// fetches rows before they are compared, and keeps the marks of visited rows from one query to the next,
/// which FAISS makes anew for each. [search() const: thread-safe]
class GraphSearch {
 public:
  /// For indexes that it is not for, this is null. `index` must live as long and change no more.
  static std::unique_ptr<GraphSearch> of(const faiss::Index& index);

  /// What faiss::Index::search() gives for `count` queries: per query the `k` nearest rows that are found, -1
  /// behind them, and inner products or squared distances.
  void search(int64_t count, const float* queries, int64_t k, float* measured, int64_t* rows) const;

 private:
  /// Which rows a query came by: those whose mark is the query's turn.
  struct Visits {
    std::vector<uint8_t> marks;
    uint8_t turn = 0;
  };
  struct Near {
    float distance;
    int32_t row;
  };
  class Walk;

  explicit GraphSearch(const faiss::IndexHNSW& graph);
  std::unique_ptr<Visits> borrowed() const;

  const faiss::IndexHNSW& graph_;
  mutable std::mutex access_;
  mutable std::vector<std::unique_ptr<Visits>> idle_;  ///< one for each thread that ever searched at a time
};

}  // namespace kindred
