#include "angular_sums.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace kindred {
namespace {

template <class Number>
Number dot(const Number* a, const Number* b, int64_t count) {
  constexpr int64_t kLanes = 16;  // sums that the compiler may keep in vectors
  Number sums[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[j + lane] * b[j + lane];
  }
  for (; j < count; ++j) sums[0] += a[j] * b[j];
  Number sum = 0;
  for (const Number one : sums) sum += one;
  return sum;
}

template <class Number>
void add_scaled(const Number* from, Number factor, int64_t count, Number* to) {
  for (int64_t j = 0; j < count; ++j) to[j] += factor * from[j];
}

/// Calls `use(row, column)` for the true entries of some rows.
template <class Use>
void for_each_pair(const bool* chosen, int64_t begin, int64_t end, int64_t columns, const Use& use) {
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      if (chosen[i * columns + j]) use(i, j);
    }
  }
}

/// exp(4 t s_an) exp(4 t s_pn) is a product of what a and p say of n; `shares` (B, B) has exp(4 t (s - 1)),
/// which is at most 1 and, with angles up to 60 degrees, a number of float32 after it was squared;
/// `of_negatives` has zeros elsewhere.
template <class Number>
class Rows {
 public:
  Rows(const at::Tensor& similarities, const at::Tensor& shares, const at::Tensor& of_negatives,
       const at::Tensor& pairs, double t)
      : count_(shares.size(0)),
        t_(t),
        similarities_(similarities.data_ptr<Number>()),
        shares_(shares.data_ptr<Number>()),
        of_negatives_(of_negatives.data_ptr<Number>()),
        anchors_of_(pairs.t().contiguous()),
        pairs_(pairs.data_ptr<bool>()),
        by_shares_(shares.new_zeros(shares.sizes())),
        gradient_(shares.new_zeros(shares.sizes())) {}

  double sum() {
    std::vector<double> values(static_cast<size_t>(count_));
    at::parallel_for(0, count_, 8, [&](int64_t begin, int64_t end) {
      for_each_pair(pairs_, begin, end, count_,
                    [&](int64_t a, int64_t p) { values[static_cast<size_t>(a)] += sum_of_pair(a, p); });
    });
    double sum = 0;
    for (const double value : values) sum += value;
    return sum;
  }

  /// After sum().
  at::Tensor gradient() {
    const auto factor = static_cast<Number>(4 * t_);
    const auto* by_shares = by_shares_.template data_ptr<Number>();
    const auto* anchors = anchors_of_.template data_ptr<bool>();
    auto* out = gradient_.template data_ptr<Number>();
    at::parallel_for(0, count_, 8, [&](int64_t begin, int64_t end) {
      std::vector<Number> as_anchor(static_cast<size_t>(count_)), as_positive(as_anchor);
      for (int64_t i = begin; i < end; ++i) {
        std::fill(as_anchor.begin(), as_anchor.end(), Number{0});
        std::fill(as_positive.begin(), as_positive.end(), Number{0});
        for_each_pair(pairs_, i, i + 1, count_, [&](int64_t a, int64_t p) {
          add_scaled(shares_ + p * count_, by_shares[a * count_ + p], count_, as_anchor.data());
        });
        for_each_pair(anchors, i, i + 1, count_, [&](int64_t p, int64_t a) {
          add_scaled(of_negatives_ + a * count_, by_shares[a * count_ + p], count_, as_positive.data());
        });
        const int64_t row = i * count_;
        for (int64_t n = 0; n < count_; ++n) {
          const auto at = static_cast<size_t>(n);
          out[row + n] +=
              factor * (of_negatives_[row + n] * as_anchor[at] + shares_[row + n] * as_positive[at]);
        }
      }
    });
    return gradient_;
  }

 private:
  double sum_of_pair(int64_t a, int64_t p) {
    constexpr double kTiny = 1e-30;
    const int64_t at = a * count_ + p;
    const double share =
        std::max(kTiny, static_cast<double>(dot(of_negatives_ + a * count_, shares_ + p * count_, count_)));
    const double own = 2 * (1 + t_);
    const double log_sum = std::log(share) + 8 * t_ - own * static_cast<double>(similarities_[at]);
    const double slope = 1 / (1 + std::exp(-log_sum));
    by_shares_.template data_ptr<Number>()[at] = static_cast<Number>(slope / share);
    gradient_.template data_ptr<Number>()[at] = static_cast<Number>(-own * slope);
    return std::max(log_sum, 0.0) + std::log1p(std::exp(-std::abs(log_sum)));
  }

  const int64_t count_;
  const double t_;
  const Number *similarities_, *shares_, *of_negatives_;
  const at::Tensor anchors_of_;  ///< bool (B, B): the pairs, by their positives
  const bool* pairs_;
  const at::Tensor by_shares_, gradient_;
};

}  // namespace

AngularSums angular_sums(const at::Tensor& similarities, const at::Tensor& pairs, const at::Tensor& negatives,
                         double t) {
  at::NoGradGuard no_grad;
  const auto s = similarities.detach().contiguous();
  const auto shares = s.sub(1).mul_(4 * t).exp_();
  const auto of_negatives = shares.mul(negatives.to(s.scalar_type()));
  const auto chosen = pairs.contiguous();
  AngularSums sums;
  AT_DISPATCH_FLOATING_TYPES(s.scalar_type(), "angular_sums", [&] {
    Rows<scalar_t> rows(s, shares, of_negatives, chosen, t);
    sums.value = s.new_full({}, rows.sum());
    sums.gradient = rows.gradient();
  });
  return sums;
}

}  // namespace kindred
