#include "graph_search.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <typeinfo>
#include <utility>

#include "flat_rows.hpp"

namespace kindred {
namespace {

constexpr size_t kLineBytes = 64;

void fetch(const float* row, int64_t dimension) {
  const auto* bytes = reinterpret_cast<const char*>(row);
  for (size_t at = 0; at < static_cast<size_t>(dimension) * sizeof(float); at += kLineBytes)
    __builtin_prefetch(bytes + at);
}

}  // namespace

/// One query's way: down the upper layers to a row near it, and from there through the lowest one, always
/// from the nearest row that was not gone on from, as long as that is nearer than the worst of the `width`
/// best.
class GraphSearch::Walk {
 public:
  Walk(const faiss::IndexHNSW& graph, Visits& visits, int64_t width)
      : links_(graph.hnsw),
        rows_(static_cast<const FlatRows&>(*graph.storage)),
        is_product_(graph.metric_type == faiss::METRIC_INNER_PRODUCT),
        visits_(visits),
        width_(static_cast<size_t>(width)) {}

  /// The nearest rows that it found, the nearest first.
  const std::vector<Near>& from_entry(const float* query) {
    query_ = query;
    open_.clear();
    best_.clear();
    if (++visits_.turn == 0) {
      std::fill(visits_.marks.begin(), visits_.marks.end(), uint8_t{0});
      visits_.turn = 1;
    }
    auto near = compared(links_.entry_point);
    for (int layer = links_.max_level; layer > 0; --layer) near = nearest_in(layer, near);
    visits_.marks[static_cast<size_t>(near.row)] = visits_.turn;
    take(near);
    while (!open_.empty()) {
      std::pop_heap(open_.begin(), open_.end(), is_farther);
      const auto next = open_.back();
      open_.pop_back();
      if (best_.size() == width_ && next.distance > best_.front().distance) break;
      look_around(next.row);
    }
    std::sort_heap(best_.begin(), best_.end(), is_nearer);
    return best_;
  }

 private:
  static constexpr auto is_nearer = [](const Near& one, const Near& other) {
    return one.distance < other.distance;
  };
  static constexpr auto is_farther = [](const Near& one, const Near& other) {
    return one.distance > other.distance;
  };

  const float* row(int32_t number) const { return rows_.get_xb() + static_cast<int64_t>(number) * rows_.d; }
  Near compared(int32_t number) const {
    return {is_product_ ? -inner_product(query_, row(number), rows_.d)
                        : squared_distance(query_, row(number), rows_.d),
            number};
  }

  Near nearest_in(int layer, Near near) const {
    for (bool moved = true; moved;) {
      moved = false;
      size_t begin = 0, end = 0;
      links_.neighbor_range(near.row, layer, &begin, &end);
      for (; begin < end && links_.neighbors[begin] >= 0; ++begin) {
        const auto other = compared(links_.neighbors[begin]);
        if (other.distance >= near.distance) continue;
        near = other;
        moved = true;
      }
    }
    return near;
  }

  void look_around(int32_t number) {
    size_t begin = 0, end = 0;
    links_.neighbor_range(number, 0, &begin, &end);
    fresh_.clear();
    for (; begin < end && links_.neighbors[begin] >= 0; ++begin) {
      const auto other = links_.neighbors[begin];
      auto& mark = visits_.marks[static_cast<size_t>(other)];
      if (mark == visits_.turn) continue;
      mark = visits_.turn;
      fresh_.push_back(other);
    }
    constexpr size_t kAhead = 4;  // rows that are fetched while others are compared
    for (size_t i = 0; i < std::min(kAhead, fresh_.size()); ++i) fetch(row(fresh_[i]), rows_.d);
    for (size_t i = 0; i < fresh_.size(); ++i) {
      if (i + kAhead < fresh_.size()) fetch(row(fresh_[i + kAhead]), rows_.d);
      take(compared(fresh_[i]));
    }
  }

  void take(const Near& near) {
    if (best_.size() == width_) {
      if (near.distance >= best_.front().distance) return;
      std::pop_heap(best_.begin(), best_.end(), is_nearer);
      best_.pop_back();
    }
    best_.push_back(near);
    std::push_heap(best_.begin(), best_.end(), is_nearer);
    open_.push_back(near);
    std::push_heap(open_.begin(), open_.end(), is_farther);
  }

  const faiss::HNSW& links_;
  const FlatRows& rows_;
  const bool is_product_;
  Visits& visits_;
  const size_t width_;
  const float* query_ = nullptr;
  std::vector<Near> open_;  ///< a heap with the nearest on top
  std::vector<Near> best_;  ///< a heap with the farthest on top
  std::vector<int32_t> fresh_;
};

std::unique_ptr<GraphSearch> GraphSearch::of(const faiss::Index& index) {
  const auto* graph = dynamic_cast<const faiss::IndexHNSW*>(&index);
  if (graph == nullptr || dynamic_cast<const FlatRows*>(graph->storage) == nullptr) return nullptr;
  if (graph->ntotal == 0) return nullptr;
  return std::unique_ptr<GraphSearch>(new GraphSearch(*graph));
}

GraphSearch::GraphSearch(const faiss::IndexHNSW& graph) : graph_(graph) {}

std::unique_ptr<GraphSearch::Visits> GraphSearch::borrowed() const {
  {
    const std::lock_guard<std::mutex> one(access_);
    if (!idle_.empty()) {
      auto visits = std::move(idle_.back());
      idle_.pop_back();
      return visits;
    }
  }
  auto visits = std::make_unique<Visits>();
  visits->marks.resize(static_cast<size_t>(graph_.ntotal));
  return visits;
}

void GraphSearch::search(int64_t count, const float* queries, int64_t k, float* measured,
                         int64_t* rows) const {
  const bool is_product = graph_.metric_type == faiss::METRIC_INNER_PRODUCT;
  const auto width = std::max<int64_t>(graph_.hnsw.efSearch, k);
  at::parallel_for(0, count, 1, [&](int64_t first, int64_t end) {
    auto visits = borrowed();
    Walk walk(graph_, *visits, width);
    for (int64_t query = first; query < end; ++query) {
      const auto& found = walk.from_entry(queries + query * graph_.d);
      for (int64_t n = 0; n < k; ++n) {
        const bool is_there = n < static_cast<int64_t>(found.size());
        const auto distance =
            is_there ? found[static_cast<size_t>(n)].distance : std::numeric_limits<float>::infinity();
        rows[query * k + n] = is_there ? found[static_cast<size_t>(n)].row : -1;
        measured[query * k + n] = is_product ? -distance : distance;
      }
    }
    const std::lock_guard<std::mutex> one(access_);
    idle_.push_back(std::move(visits));
  });
}

}  // namespace kindred
