#include "host/evaluation/ranking.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "host/evaluation/all_pairs.hpp"
#include "host/search/score_tiles.hpp"
#include "kindred/search/best_rows.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kFewOf = 8;  // keeping the best is quicker than sorting where they are an eighth or less
constexpr int64_t kQueriesOfTile = 4096;

/// The candidates of a task, ascending, and how many of them every query has at least.
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

/// Puts the `depth` best candidates of the query `self` into `order`.
void select_nearest(const float* scores, const Candidates& candidates, int64_t self, int64_t depth,
                    std::vector<int64_t>& order) {
  if (depth * kFewOf <= static_cast<int64_t>(candidates.rows.size())) {
    BestRows best(depth);
    for (const auto j : candidates.rows) {
      if (j != self) best.offer(scores[j], j);
    }
    order = best.taken();
    if (static_cast<int64_t>(order.size()) == depth) return;  // else some are no numbers
  }
  order = candidates.rows;
  if (candidates.is_candidate[static_cast<size_t>(self)]) {
    order.erase(std::lower_bound(order.begin(), order.end(), self));
  }
  const auto before = [scores](int64_t a, int64_t b) { return is_before(scores, a, b); };
  const auto end = order.begin() + depth;
  if (end != order.end()) std::nth_element(order.begin(), end, order.end(), before);
  std::sort(order.begin(), end, before);
}

/// The 1-based rank of the nearest relevant candidate of the query `self`, 0 when there is none.
int64_t first_relevant_rank(const float* scores, const Candidates& candidates, const Relevance& relevance,
                            int64_t self) {
  int64_t best = -1;
  for (auto j : relevance.of(self)) {
    if (j != self && (best < 0 || is_before(scores, j, best))) best = j;
  }
  if (best < 0) return 0;
  int64_t rank = 1;
  for (auto j : candidates.rows) rank += j != self && j != best && is_before(scores, j, best);
  return rank;
}

/// `queries` are int64 (T), and `scores` float32 (T, N).
Ranking rank_tile(const at::Tensor& queries, const at::Tensor& scores, const Candidates& candidates,
                  const Relevance& relevance, int64_t depth) {
  const int64_t rows = queries.numel(), count = scores.size(1);
  Ranking ranking{at::empty({rows, depth}, at::kBool), at::empty({rows}, at::kLong),
                  at::empty({rows}, at::kLong)};
  auto* relevant = ranking.relevant.data_ptr<bool>();
  auto* relevant_count = ranking.relevant_count.data_ptr<int64_t>();
  auto* first_relevant = ranking.first_relevant.data_ptr<int64_t>();
  const auto* query = queries.data_ptr<int64_t>();
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
      first_relevant[i] = first_relevant_rank(row, candidates, relevance, self);
    }
  });
  return ranking;
}

/// The part of `found` that metrics want to see of the queries int64 (T).
Ranking ranking_of(const at::Tensor& queries, const AllPairs& found, const Relevance& relevance) {
  const int64_t rows = queries.numel(), depth = found.depth;
  Ranking ranking{at::empty({rows, depth}, at::kBool), at::empty({rows}, at::kLong),
                  at::empty({rows}, at::kLong)};
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t self = queries.data_ptr<int64_t>()[i];
    for (int64_t k = 0; k < depth; ++k) {
      const auto neighbour = found.nearest[static_cast<size_t>(self * depth + k)];
      ranking.relevant.data_ptr<bool>()[i * depth + k] = relevance.is_relevant(self, neighbour);
    }
    ranking.relevant_count.data_ptr<int64_t>()[i] = relevance.count(self);
    ranking.first_relevant.data_ptr<int64_t>()[i] = found.first_relevant[static_cast<size_t>(self)];
  }
  return ranking;
}

}  // namespace

void rank_neighbours(const at::Tensor& embeddings, const RetrievalTask& task, const Relevance& relevance,
                     const RankingOptions& options,
                     const std::function<void(int64_t first, const Ranking& ranking)>& consume) {
  const auto queries = query_rows(task);
  const auto candidates = candidates_of(task, embeddings.size(0), queries);
  const int64_t depth = std::clamp<int64_t>(options.depth, 0, candidates.least);
  if (options.scores) {
    const int64_t tile =
        std::max<int64_t>(options.tile_bytes / (4 * std::max<int64_t>(embeddings.size(0), 1)), 1);
    for (int64_t first = 0; first < queries.numel(); first += tile) {
      const auto part = queries.slice(0, first, std::min(first + tile, queries.numel())).contiguous();
      consume(first, rank_tile(part, options.scores(part), candidates, relevance, depth));
    }
    return;
  }
  const auto rows = scored_rows(options.distance, embeddings);
  // Comparing all rows with each other costs half of the products, whoever is asked for.
  const bool are_nearly_all = !task.candidates.defined() && 3 * queries.numel() >= 2 * embeddings.size(0);
  if (are_nearly_all && has_all_pairs(rows, relevance, depth)) {
    const auto found = all_pairs(rows, relevance, depth);
    for (int64_t first = 0; first < queries.numel(); first += kQueriesOfTile) {
      const auto part = queries.slice(0, first, std::min(first + kQueriesOfTile, queries.numel()));
      consume(first, ranking_of(part, found, relevance));
    }
    return;
  }
  for_each_score_tile(rows, queries, options.tile_bytes,
                      [&](int64_t first, const at::Tensor& part, const at::Tensor& scores) {
                        consume(first, rank_tile(part, scores, candidates, relevance, depth));
                      });
}

}  // namespace kindred::host
