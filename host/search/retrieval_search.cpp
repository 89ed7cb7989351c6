#include "host/search/retrieval_search.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

namespace kindred::host {
namespace {

/// The candidates with what ordering them by distance needs: a larger score is a smaller distance.
class Scores {
 public:
  Scores(const at::Tensor& embeddings, Distance distance) : distance_(distance) {
    rows_ = embeddings.detach().to(at::kFloat).contiguous();
    if (distance.kind == Distance::cosine) rows_ = l2_normalized(rows_);
    if (is_euclidean()) half_squares_ = rows_.square().sum(1).mul(0.5);
  }

  /// float32 (T, N) on the CPU. Euclidean: x.y - |y|^2 / 2, which orders the candidates of one query as
  /// -|x - y| does.
  at::Tensor of(const at::Tensor& queries) const {
    const auto chosen = rows_.index_select(0, queries.to(rows_.device()));
    if (!is_euclidean() && distance_.kind != Distance::cosine && distance_.kind != Distance::dot) {
      return distance_matrix(distance_, chosen, rows_).neg_().cpu().contiguous();
    }
    auto scores = at::mm(chosen, rows_.t());
    if (half_squares_.defined()) scores.sub_(half_squares_);
    return scores.cpu().contiguous();
  }

 private:
  bool is_euclidean() const {
    return distance_.kind == Distance::euclidean || distance_.kind == Distance::squared_euclidean;
  }

  Distance distance_;
  at::Tensor rows_, half_squares_;
};

bool is_before(const float* scores, int64_t a, int64_t b) {
  return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}

/// Candidates of every query, ascending, and how many each query has at least.
struct Candidates {
  std::vector<int64_t> rows;
  std::vector<char> is_candidate;
  int64_t least = 0;
};

Candidates candidates_of(const RetrievalTask& task, int64_t count, const at::Tensor& queries) {
  Candidates out;
  out.is_candidate.assign(static_cast<size_t>(count), 1);
  for (int64_t row = 0; row < count; ++row) {
    const bool is_one = !task.candidates.defined() || task.candidates.data_ptr<bool>()[row];
    out.is_candidate[static_cast<size_t>(row)] = static_cast<char>(is_one);
    if (is_one) out.rows.push_back(row);
  }
  bool any_query_is_one = false;
  for (int64_t i = 0; i < queries.numel(); ++i) {
    any_query_is_one =
        any_query_is_one || out.is_candidate[static_cast<size_t>(queries.data_ptr<int64_t>()[i])];
  }
  out.least =
      std::max<int64_t>(static_cast<int64_t>(out.rows.size()) - static_cast<int64_t>(any_query_is_one), 0);
  return out;
}

/// Sorts the `depth` best candidates of one row to the front of `order`.
void select_nearest(const float* scores, const Candidates& candidates, int64_t self, int64_t depth,
                    std::vector<int64_t>& order) {
  order = candidates.rows;
  if (candidates.is_candidate[static_cast<size_t>(self)]) {
    order.erase(std::lower_bound(order.begin(), order.end(), self));
  }
  const auto before = [scores](int64_t a, int64_t b) { return is_before(scores, a, b); };
  const auto end = order.begin() + depth;
  if (end != order.end()) std::nth_element(order.begin(), end, order.end(), before);
  std::sort(order.begin(), end, before);
}

at::Tensor queries_of(const at::Tensor& embeddings, const RetrievalTask& task) {
  return task.queries.defined() ? task.queries.contiguous() : at::arange(embeddings.size(0), at::kLong);
}

/// Calls body(position of the query, its scores, its row number) for every query, in parallel.
template <class Body>
void for_each_tile(const at::Tensor& embeddings, const at::Tensor& queries, const SearchOptions& options,
                   Body&& body) {
  at::NoGradGuard no_grad;
  const Scores scores(embeddings, options.distance);
  const int64_t row_bytes = std::max<int64_t>(embeddings.size(0), 1) * 4;
  const int64_t tile = std::max<int64_t>(options.tile_bytes / row_bytes, 1);
  for (int64_t first = 0; first < queries.numel(); first += tile) {
    const auto part = queries.slice(0, first, std::min(first + tile, queries.numel())).contiguous();
    body(first, part, scores.of(part));
  }
}

}  // namespace

void rank_neighbours(const at::Tensor& embeddings, const RetrievalTask& task, const SearchOptions& options,
                     const std::function<void(int64_t, const Ranking&)>& consume) {
  const int64_t count = embeddings.size(0);
  const auto queries = queries_of(embeddings, task);
  const auto candidates = candidates_of(task, count, queries);
  const Relevance relevance(task);
  const int64_t depth = std::clamp<int64_t>(options.depth, 0, candidates.least);
  for_each_tile(embeddings, queries, options,
                [&](int64_t first, const at::Tensor& part, const at::Tensor& scores) {
                  const int64_t rows = part.numel();
                  Ranking ranking{at::empty({rows, depth}, at::kBool), at::empty({rows}, at::kLong),
                                  at::empty({rows}, at::kLong)};
                  auto* relevant = ranking.relevant.data_ptr<bool>();
                  auto* relevant_count = ranking.relevant_count.data_ptr<int64_t>();
                  auto* first_relevant = ranking.first_relevant.data_ptr<int64_t>();
                  const auto* query = part.data_ptr<int64_t>();
                  const auto* score = scores.data_ptr<float>();
                  at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
                    std::vector<int64_t> order;
                    for (int64_t i = begin; i < end; ++i) {
                      const auto* row = score + i * count;
                      const int64_t self = query[i];
                      relevant_count[i] = relevance.count(self);
                      select_nearest(row, candidates, self, depth, order);
                      for (int64_t k = 0; k < depth; ++k) {
                        relevant[i * depth + k] = relevance.is_relevant(self, order[static_cast<size_t>(k)]);
                      }
                      int64_t best = -1;
                      for (auto j : relevance.of(self)) {
                        if (j != self && (best < 0 || is_before(row, j, best))) best = j;
                      }
                      int64_t rank = best < 0 ? 0 : 1;
                      if (best >= 0) {
                        for (auto j : candidates.rows)
                          rank += j != self && j != best && is_before(row, j, best);
                      }
                      first_relevant[i] = rank;
                    }
                  });
                  consume(first, ranking);
                });
}

at::Tensor nearest_neighbours(const at::Tensor& embeddings, const RetrievalTask& task,
                              const SearchOptions& options) {
  const int64_t count = embeddings.size(0);
  const auto queries = queries_of(embeddings, task);
  const auto candidates = candidates_of(task, count, queries);
  const int64_t depth = std::clamp<int64_t>(options.depth, 0, candidates.least);
  auto out = at::empty({queries.numel(), depth}, at::kLong);
  auto* neighbours = out.data_ptr<int64_t>();
  for_each_tile(embeddings, queries, options,
                [&](int64_t first, const at::Tensor& part, const at::Tensor& scores) {
                  const auto* query = part.data_ptr<int64_t>();
                  const auto* score = scores.data_ptr<float>();
                  at::parallel_for(0, part.numel(), 1, [&](int64_t begin, int64_t end) {
                    std::vector<int64_t> order;
                    for (int64_t i = begin; i < end; ++i) {
                      select_nearest(score + i * count, candidates, query[i], depth, order);
                      std::copy_n(order.begin(), depth, neighbours + (first + i) * depth);
                    }
                  });
                });
  return out;
}

}  // namespace kindred::host
