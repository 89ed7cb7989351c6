#include "host/refinement/k_reciprocal.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

using Rows = std::vector<int32_t>;

/// The rows of one encoding and what each counts.
struct Encoding {
  Rows rows;  ///< ascending
  std::vector<float> weights;
};

class Encoder {
 public:
  /// `distances` (N, N), each row divided by its largest number.
  Encoder(const at::Tensor& distances, const KReciprocal& options)
      : distance_(distances.data_ptr<float>()),
        count_(distances.size(0)),
        // As np.around of the authors' program, which rounds a half to the even number.
        half_(static_cast<int64_t>(std::nearbyint(static_cast<double>(options.k1) / 2))),
        nearest_(static_cast<size_t>(count_)) {
    const int64_t seen = std::min(std::max(options.k1 + 1, options.k2), count_);
    k1_ = std::min(options.k1 + 1, count_);
    half_ = std::min(half_ + 1, count_);
    k2_ = std::min(options.k2, count_);
    at::parallel_for(0, count_, 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) nearest_[static_cast<size_t>(i)] = nearest_to(i, seen);
    });
  }

  /// One per row.
  std::vector<Encoding> encodings() const {
    std::vector<Encoding> plain(nearest_.size());
    at::parallel_for(0, count_, 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        plain[static_cast<size_t>(i)] = encoding_of(static_cast<int32_t>(i));
    });
    if (k2_ == 1) return plain;
    std::vector<Encoding> averaged(plain.size());
    at::parallel_for(0, count_, 16, [&](int64_t begin, int64_t end) {
      std::vector<float> sums(static_cast<size_t>(count_), 0.0F);
      for (int64_t i = begin; i < end; ++i) averaged[static_cast<size_t>(i)] = average_over(i, plain, sums);
    });
    return averaged;
  }

 private:
  Rows nearest_to(int64_t self, int64_t seen) const {
    const auto* row = distance_ + self * count_;
    Rows order(static_cast<size_t>(count_));
    std::iota(order.begin(), order.end(), 0);
    std::swap(order.front(), order[static_cast<size_t>(self)]);
    std::partial_sort(order.begin() + 1, order.begin() + seen, order.end(),
                      [row](int32_t a, int32_t b) { return row[a] < row[b] || (row[a] == row[b] && a < b); });
    order.resize(static_cast<size_t>(seen));
    return order;
  }

  bool is_among(int32_t row, int32_t other, int64_t k) const {
    const auto& list = nearest_[static_cast<size_t>(other)];
    return std::find(list.begin(), list.begin() + k, row) != list.begin() + k;
  }

  /// R(row, k): the rows among the nearest `k` of `row` that have it among theirs; ascending.
  Rows reciprocal(int32_t row, int64_t k) const {
    Rows out;
    const auto& list = nearest_[static_cast<size_t>(row)];
    std::copy_if(list.begin(), list.begin() + k, std::back_inserter(out),
                 [&](int32_t other) { return is_among(row, other, k); });
    std::sort(out.begin(), out.end());
    return out;
  }

  /// R*(row, k1): R, and the sets of half the size of its members where two thirds of these are in R, too.
  Encoding encoding_of(int32_t row) const {
    const auto own = reciprocal(row, k1_);
    Encoding out{own, {}};
    for (const auto member : own) {
      const auto more = reciprocal(member, half_);
      Rows shared;
      std::set_intersection(more.begin(), more.end(), own.begin(), own.end(), std::back_inserter(shared));
      if (3 * shared.size() > 2 * more.size()) out.rows.insert(out.rows.end(), more.begin(), more.end());
    }
    std::sort(out.rows.begin(), out.rows.end());
    out.rows.erase(std::unique(out.rows.begin(), out.rows.end()), out.rows.end());
    float sum = 0;
    for (const auto other : out.rows) {
      out.weights.push_back(std::exp(-distance_[row * count_ + other]));
      sum += out.weights.back();
    }
    for (auto& weight : out.weights) weight /= sum;
    return out;
  }

  /// `sums` (N) are zero, and are zero again afterwards.
  Encoding average_over(int64_t row, const std::vector<Encoding>& plain, std::vector<float>& sums) const {
    Encoding out;
    const auto& list = nearest_[static_cast<size_t>(row)];
    for (int64_t n = 0; n < k2_; ++n) {
      const auto& one = plain[static_cast<size_t>(list[static_cast<size_t>(n)])];
      for (size_t i = 0; i < one.rows.size(); ++i) {
        sums[static_cast<size_t>(one.rows[i])] += one.weights[i];
        out.rows.push_back(one.rows[i]);
      }
    }
    std::sort(out.rows.begin(), out.rows.end());
    out.rows.erase(std::unique(out.rows.begin(), out.rows.end()), out.rows.end());
    for (const auto other : out.rows)
      out.weights.push_back(std::exchange(sums[static_cast<size_t>(other)], 0.0F) / static_cast<float>(k2_));
    return out;
  }

  const float* distance_;
  int64_t count_, half_, k1_ = 0, k2_ = 0;
  std::vector<Rows> nearest_;  // the row itself first
};

/// For every row the rows whose encodings hold it, and what it counts there.
std::vector<Encoding> inverted(const std::vector<Encoding>& encodings) {
  std::vector<Encoding> out(encodings.size());
  for (size_t i = 0; i < encodings.size(); ++i) {
    for (size_t n = 0; n < encodings[i].rows.size(); ++n) {
      auto& list = out[static_cast<size_t>(encodings[i].rows[n])];
      list.rows.push_back(static_cast<int32_t>(i));
      list.weights.push_back(encodings[i].weights[n]);
    }
  }
  return out;
}

/// What is squared in every distance that has a square.
at::Tensor squared_distances(Distance distance, const at::Tensor& rows) {
  auto distances = distance_matrix(distance, rows, rows);
  const bool is_square = distance.kind == Distance::cosine || distance.kind == Distance::squared_euclidean;
  return is_square ? distances : distances.square();  // 1 - cos is half of the square of rows of length 1
}

}  // namespace

at::Tensor k_reciprocal_distances(const at::Tensor& squared, int64_t queries, const KReciprocal& options) {
  at::NoGradGuard no_grad;
  const int64_t count = squared.size(0);
  const auto largest = std::get<0>(squared.max(1, true));
  const auto distances = squared.div(largest.masked_fill(largest <= 0, 1)).contiguous();
  const auto encodings = Encoder(distances, options).encodings();
  const auto holders = inverted(encodings);
  auto out = distances.slice(0, 0, queries).slice(1, queries, count).contiguous().clone();
  auto* result = out.data_ptr<float>();
  const auto rows = count - queries;
  const auto lambda = static_cast<float>(options.lambda);
  at::parallel_for(0, queries, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> shared(static_cast<size_t>(count));
    for (int64_t q = begin; q < end; ++q) {
      std::fill(shared.begin(), shared.end(), 0.0F);
      const auto& own = encodings[static_cast<size_t>(q)];
      for (size_t n = 0; n < own.rows.size(); ++n) {
        const auto& list = holders[static_cast<size_t>(own.rows[n])];
        for (size_t i = 0; i < list.rows.size(); ++i)
          shared[static_cast<size_t>(list.rows[i])] += std::min(own.weights[n], list.weights[i]);
      }
      for (int64_t j = 0; j < rows; ++j) {
        const float both = shared[static_cast<size_t>(queries + j)];
        auto& value = result[q * rows + j];
        value = (1 - lambda) * (1 - both / (2 - both)) + lambda * value;
      }
    }
  });
  return out;
}

at::Tensor k_reciprocal_order(Distance distance, const at::Tensor& query, const at::Tensor& rows,
                              const KReciprocal& options) {
  at::NoGradGuard no_grad;
  check_k_reciprocal(distance);
  const auto all = at::cat({query.unsqueeze(0), rows}).to(at::kCPU, at::kFloat);
  const auto distances = k_reciprocal_distances(squared_distances(distance, all), 1, options).squeeze(0);
  return std::get<1>(distances.sort(/*stable=*/true, 0, false));
}

void check_k_reciprocal(Distance distance) {
  if (distance.kind == Distance::dot || distance.kind == Distance::snr) {
    throw Error(
        "k_reciprocal needs a distance that is symmetric and not negative, such as the cosine or the "
        "euclidean "
        "one; dot and snr are not");
  }
}

}  // namespace kindred::host
