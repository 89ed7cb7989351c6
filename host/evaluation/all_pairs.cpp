#include "host/evaluation/all_pairs.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "host/search/pair_tiles.hpp"
#include "kindred/search/best_rows.hpp"
#include "kindred/search/score_scan.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kMostKept = int64_t{1} << 23;  // nearest rows of all rows together
constexpr int64_t kMostRelevant = 256;           // pairs of relevant rows for each row, in the mean
constexpr int64_t kRowsOfThread = 64;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kUnit = std::numeric_limits<float>::epsilon() / 2;

/// Scores of pairs of rows in float64, which tell apart what float32 cannot.
class FineScores {
 public:
  explicit FineScores(const ScoredRows& rows)
      : rows_(rows.rows.data_ptr<float>()), dimension_(rows.rows.size(1)) {
    if (!rows.half_squares.defined()) return;
    half_squares_.resize(static_cast<size_t>(rows.rows.size(0)));
    at::parallel_for(0, rows.rows.size(0), kRowsOfThread, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) half_squares_[static_cast<size_t>(i)] = product(i, i) / 2;
    });
  }

  double operator()(int64_t query, int64_t row) const {
    return product(query, row) - (half_squares_.empty() ? 0 : half_squares_[static_cast<size_t>(row)]);
  }

 private:
  double product(int64_t a, int64_t b) const {
    const float *x = rows_ + a * dimension_, *y = rows_ + b * dimension_;
    double sum = 0;
    for (int64_t d = 0; d < dimension_; ++d) sum += static_cast<double>(x[d]) * static_cast<double>(y[d]);
    return sum;
  }

  const float* rows_;
  int64_t dimension_;
  std::vector<double> half_squares_;
};

/// The nearest relevant row of each row.
struct Relevant {
  std::vector<int64_t> row;  // -1: none
  std::vector<double> score;
  std::vector<float> low, high;  // float32 scores between them may be equal to it
};

/// How far a score in float32 may be from the true one. The rounding of a sum of D terms grows as sqrt(D)
/// (Higham 2002, section 2.8).
std::vector<float> margins_of(const ScoredRows& rows) {
  const auto lengths = squared_lengths(rows.rows).sqrt_();
  const auto largest = lengths.numel() > 0 ? lengths.max().item<float>() : 0.0F;
  const float rounding = (4 * std::sqrt(static_cast<float>(rows.rows.size(1))) + 8) * kUnit;
  std::vector<float> out(static_cast<size_t>(lengths.numel()));
  for (size_t i = 0; i < out.size(); ++i) {
    const float length = lengths.data_ptr<float>()[i];
    out[i] = rounding * largest * (rows.half_squares.defined() ? length + largest : length);
  }
  return out;
}

Relevant nearest_relevant(const ScoredRows& rows, const Relevance& relevance, const FineScores& fine) {
  const auto count = rows.rows.size(0);
  const auto size = static_cast<size_t>(count);
  const auto margins = margins_of(rows);
  Relevant out{std::vector<int64_t>(size, -1), std::vector<double>(size, 0),
               std::vector<float>(size, kInfinity), std::vector<float>(size, kInfinity)};
  at::parallel_for(0, count, kRowsOfThread, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto place = static_cast<size_t>(i);
      for (const auto j : relevance.of(i)) {
        if (j == i) continue;
        const double score = fine(i, j);
        if (out.row[place] >= 0 && score <= out.score[place]) continue;  // ascending: the first of equal ones
        out.row[place] = j;
        out.score[place] = score;
      }
      if (out.row[place] < 0) continue;
      const auto score = static_cast<float>(out.score[place]);
      const float margin = margins[place] + std::abs(score) * 2 * kUnit;
      out.low[place] = score - margin;
      out.high[place] = score + margin;
    }
  });
  return out;
}

/// What is known of every row while tiles of products come in.
class PairsSoFar {
 public:
  PairsSoFar(const ScoredRows& rows, const Relevance& relevance, int64_t depth)
      : count_(rows.rows.size(0)),
        fine_(rows),
        relevant_(nearest_relevant(rows, relevance, fine_)),
        best_(static_cast<size_t>(count_), BestRows(depth)),
        worst_(static_cast<size_t>(count_), std::numeric_limits<float>::lowest()),
        above_(static_cast<size_t>(count_), 0),
        locks_(static_cast<size_t>((count_ + kPairBlock - 1) / kPairBlock)) {
    const auto subtracted = rows.half_squares.defined() ? rows.half_squares : at::zeros({count_}, at::kFloat);
    subtract_.assign(subtracted.data_ptr<float>(), subtracted.data_ptr<float>() + count_);
  }

  /// Several threads may call it, each with products of its own.
  void take(int64_t first, int64_t second, at::Tensor& products) {
    auto* product = products.data_ptr<float>();
    const int64_t rows = products.size(0), columns = products.size(1);
    if (first == second) products.fill_diagonal_(-kInfinity);  // a row is not its own neighbour
    std::vector<uint8_t> marked(static_cast<size_t>(score_runs(columns)));
    {
      const std::lock_guard lock(lock_of(first));
      for (int64_t i = 0; i < rows; ++i) {
        take_row(first + i, second, product + i * columns, columns, marked);
      }
    }
    if (first == second) return;
    const std::lock_guard lock(lock_of(second));
    for (int64_t i = 0; i < rows; ++i) {
      take_column(first + i, second, product + i * columns, columns, marked);
    }
  }

  std::vector<int64_t> nearest_of(int64_t row) { return best_[static_cast<size_t>(row)].taken(); }

  /// The rank of the nearest relevant row by counting, 0 where there is none.
  int64_t counted_rank(int64_t row) const {
    const auto i = static_cast<size_t>(row);
    return relevant_.row[i] < 0 ? 0 : above_[i] + 1;
  }

 private:
  std::mutex& lock_of(int64_t first) { return locks_[static_cast<size_t>(first / kPairBlock)]; }

  /// The scores of the rows from `second` on for the query `query`.
  void take_row(int64_t query, int64_t second, const float* products, int64_t count,
                std::vector<uint8_t>& marked) {
    const auto q = static_cast<size_t>(query);
    const auto* subtract = subtract_.data() + second;
    above_[q] += static_cast<int32_t>(
        scan_row(products, subtract, count, {worst_[q], relevant_.low[q], relevant_.high[q]}, marked.data()));
    for_each_marked(marked, count, [&](int64_t j) { offer(query, second + j, products[j] - subtract[j]); });
  }

  /// The scores of the row `row` for the queries from `second` on.
  void take_column(int64_t row, int64_t second, const float* products, int64_t count,
                   std::vector<uint8_t>& marked) {
    const float subtract = subtract_[static_cast<size_t>(row)];
    scan_column(products, subtract, count, worst_.data() + second, relevant_.low.data() + second,
                relevant_.high.data() + second, above_.data() + second, marked.data());
    for_each_marked(marked, count, [&](int64_t j) { offer(second + j, row, products[j] - subtract); });
  }

  template <class Body>
  static void for_each_marked(const std::vector<uint8_t>& marked, int64_t count, Body body) {
    for (int64_t run = 0; run < score_runs(count); ++run) {
      if (marked[static_cast<size_t>(run)] == 0) continue;
      const int64_t end = std::min((run + 1) * kScoreRun, count);
      for (int64_t j = run * kScoreRun; j < end; ++j) body(j);
    }
  }

  void offer(int64_t query, int64_t row, float score) {
    const auto q = static_cast<size_t>(query);
    if (score >= worst_[q]) {
      best_[q].offer(score, row);
      worst_[q] = best_[q].worst();
    }
    if (score >= relevant_.low[q] && score <= relevant_.high[q] && row != relevant_.row[q]) {
      const double exact = fine_(query, row);
      const bool is_before =
          exact > relevant_.score[q] || (exact == relevant_.score[q] && row < relevant_.row[q]);
      above_[q] += static_cast<int32_t>(is_before);
    }
  }

  const int64_t count_;
  const FineScores fine_;
  const Relevant relevant_;
  std::vector<BestRows> best_;
  std::vector<float> worst_, subtract_;
  std::vector<int32_t> above_;     // how many other rows are nearer than the nearest relevant one
  std::vector<std::mutex> locks_;  // of the rows of a block
};

}  // namespace

bool has_all_pairs(const ScoredRows& rows, const Relevance& relevance, int64_t depth) {
  const auto kind = rows.distance.kind;
  const bool is_product = is_euclidean(rows.distance) || kind == Distance::cosine || kind == Distance::dot;
  const int64_t count = rows.rows.size(0);
  if (!is_product || !rows.rows.is_cpu() || depth < 1 || depth >= count || count * depth > kMostKept)
    return false;
  if (!std::isfinite(squared_lengths(rows.rows).max().item<float>())) return false;
  int64_t relevant = 0;
  for (int64_t i = 0; i < count; ++i) relevant += relevance.count(i);
  return relevant <= count * kMostRelevant;
}

AllPairs all_pairs(const ScoredRows& rows, const Relevance& relevance, int64_t depth) {
  const int64_t count = rows.rows.size(0);
  PairsSoFar so_far(rows, relevance, depth);
  for_each_pair_tile(rows.rows, [&](int64_t first, int64_t second, at::Tensor& products) {
    so_far.take(first, second, products);
  });
  AllPairs out{depth, std::vector<int64_t>(static_cast<size_t>(count * depth)),
               std::vector<int64_t>(static_cast<size_t>(count), 0)};
  at::parallel_for(0, count, kRowsOfThread, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto nearest = so_far.nearest_of(i);
      std::copy(nearest.begin(), nearest.end(), out.nearest.begin() + i * depth);
      const auto relevant = std::find_if(nearest.begin(), nearest.end(),
                                         [&](int64_t j) { return relevance.is_relevant(i, j); });
      const auto rank = relevant - nearest.begin() + 1;
      const auto counted = so_far.counted_rank(i);
      out.first_relevant[static_cast<size_t>(i)] = relevant != nearest.end() ? rank
                                                   : counted == 0            ? 0
                                                                  : std::max<int64_t>(counted, depth + 1);
    }
  });
  return out;
}

}  // namespace kindred::host
