#include "smooth_ranks.hpp"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/losses/known_gradient.hpp"
#include "core/miners/positives.hpp"
#include "sigmoid_rows.hpp"

namespace kindred {
namespace {

/// A row of similarities with its masks as weights, and zeros behind it.
template <class Number>
class PaddedRow {
 public:
  explicit PaddedRow(int64_t columns)
      : columns_(columns),
        values_(padded(columns)),
        positive_(padded(columns)),
        negative_(padded(columns)),
        gradient_(padded(columns)) {}

  void read(const Number* values, const bool* positive, const bool* negative) {
    std::copy(values, values + columns_, values_.begin());
    std::copy(positive, positive + columns_, positive_.begin());
    std::copy(negative, negative + columns_, negative_.begin());
  }

  /// Calls `use(row, place)` with the row as if `column` were no positive, and its similarity.
  template <class Use>
  void without(int64_t column, const Use& use) {
    const auto at = static_cast<size_t>(column);
    positive_[at] = 0;
    use(WeightedRow<Number>{values_.data(), positive_.data(), negative_.data(),
                            static_cast<int64_t>(values_.size())},
        values_[at]);
    positive_[at] = 1;
  }

  std::vector<Number>& gradient() { return gradient_; }

 private:
  static size_t padded(int64_t columns) {
    return static_cast<size_t>((columns + kSigmoidLanes - 1) / kSigmoidLanes * kSigmoidLanes);
  }

  const int64_t columns_;
  std::vector<Number> values_, positive_, negative_, gradient_;
};

/// What the kernels read; contiguous, on the CPU.
struct RankedRows {
  at::Tensor similarities;  ///< (B, R)
  PairMasks masks;
  PositiveLists positives;
  double sharpness;  ///< one over the temperature

  /// Calls `use(row, i, columns of its positives, number of them)` for all rows, on several threads.
  template <class Number, class Use>
  void for_each(const Use& use) const {
    const int64_t columns = similarities.size(1), longest = positives.longest();
    const auto* values = similarities.data_ptr<Number>();
    const bool *positive = masks.positive.data_ptr<bool>(), *negative = masks.negative.data_ptr<bool>();
    const auto *lists = positives.columns.data_ptr<int64_t>(), *counts = positives.counts.data_ptr<int64_t>();
    at::parallel_for(0, similarities.size(0), 4, [&](int64_t begin, int64_t end) {
      PaddedRow<Number> row(columns);
      for (int64_t i = begin; i < end; ++i) {
        row.read(values + i * columns, positive + i * columns, negative + i * columns);
        use(row, i, lists + i * longest, counts[i]);
      }
    });
  }
};

/// Ranks of all positives, (B, K) each; 1 where a row has fewer.
template <class Number>
SmoothRanks ranks_of(const RankedRows& rows) {
  const auto among = at::ones(rows.positives.columns.sizes(), rows.similarities.options());
  const auto overall = among.clone();
  const int64_t longest = rows.positives.longest();
  auto *of_positives = among.data_ptr<Number>(), *of_all = overall.data_ptr<Number>();
  rows.for_each<Number>([&](PaddedRow<Number>& padded, int64_t i, const int64_t* columns, int64_t count) {
    for (int64_t k = 0; k < count; ++k) {
      padded.without(columns[k], [&](const WeightedRow<Number>& row, Number place) {
        const auto sums = sum_sigmoids(row, place, static_cast<Number>(rows.sharpness));
        of_positives[i * longest + k] += sums.positive;
        of_all[i * longest + k] += sums.positive + sums.negative;
      });
    }
  });
  return {among, overall};
}

/// by_positive, by_negative (B, K): how much the sum grows with sigma of a positive and of a negative.
/// Returns the gradient of the sum, (B, R).
template <class Number>
at::Tensor gradient_of(const RankedRows& rows, const at::Tensor& by_positive, const at::Tensor& by_negative) {
  const auto gradient = at::empty_like(rows.similarities);
  const int64_t longest = rows.positives.longest(), width = gradient.size(1);
  const auto *positive = by_positive.data_ptr<Number>(), *negative = by_negative.data_ptr<Number>();
  auto* out = gradient.data_ptr<Number>();
  rows.for_each<Number>([&](PaddedRow<Number>& padded, int64_t i, const int64_t* columns, int64_t count) {
    auto& slopes = padded.gradient();
    std::fill(slopes.begin(), slopes.end(), Number{0});
    for (int64_t k = 0; k < count; ++k) {
      const SigmoidSums<Number> by = {positive[i * longest + k], negative[i * longest + k]};
      padded.without(columns[k], [&](const WeightedRow<Number>& row, Number place) {
        // What raises the others' places lowers the positive's own.
        slopes[static_cast<size_t>(columns[k])] -=
            add_sigmoid_slopes(row, place, static_cast<Number>(rows.sharpness), by, slopes.data());
      });
    }
    std::copy(slopes.begin(), slopes.begin() + width, out + i * width);
  });
  return gradient;
}

struct ValueAndGradient {
  at::Tensor value, gradient;  ///< (), (B, R)
};

using Term = std::function<RankTerm(const SmoothRanks&)>;

/// What positives of each row add to the sum, (), and how much the sum grows with sigma of another positive
/// and of a negative, (B, K) each.
struct WeightedTerm {
  at::Tensor value, by_positive, by_negative;
};

/// is_there: bool (B, K); weight (B).
WeightedTerm weighted(const RankTerm& term, const at::Tensor& is_there, const at::Tensor& weight) {
  const auto rows = weight.unsqueeze(1) * is_there.to(weight.scalar_type());
  return {(rows * term.value).sum(), rows * (term.by_among + term.by_overall), rows * term.by_overall};
}

ValueAndGradient sum_by_rows(const RankedRows& rows, const at::Tensor& weight, const Term& term) {
  ValueAndGradient sum;
  AT_DISPATCH_FLOATING_TYPES(rows.similarities.scalar_type(), "sum_over_ranks", [&] {
    const auto ranks = ranks_of<scalar_t>(rows);
    const auto all = weighted(term(ranks), rows.positives.are_there(), weight);
    sum.value = all.value;
    sum.gradient = gradient_of<scalar_t>(rows, all.by_positive.contiguous(), all.by_negative.contiguous());
  });
  return sum;
}

ValueAndGradient sum_by_positives(const RankedRows& rows, const at::Tensor& weight, const Term& term) {
  const auto& s = rows.similarities;
  ValueAndGradient sum = {at::zeros({}, s.options()), at::zeros_like(s)};
  const auto negatives = rows.masks.negative.to(s.scalar_type());
  for (int64_t k = 0; k < rows.positives.longest(); ++k) {
    const auto place = rows.positives.column(k);  // (B, 1)
    const auto sigma = ((s - s.gather(1, place)) * rows.sharpness).sigmoid();
    const auto others = rows.masks.positive.scatter(1, place, false).to(s.scalar_type());
    const auto among = 1 + (sigma * others).sum(1, true);
    const auto one = weighted(term({among, among + (sigma * negatives).sum(1, true)}),
                              rows.positives.has(k).unsqueeze(1), weight);
    sum.value += one.value;
    // The gradient goes through sigma to all columns, and with the opposite sign to the positive itself.
    const auto by_sigma = others * one.by_positive + negatives * one.by_negative;
    const auto slope = sigma * (1 - sigma) * rows.sharpness * by_sigma;
    sum.gradient += slope;
    sum.gradient.scatter_add_(1, place, -slope.sum(1, true));
  }
  return sum;
}

at::Tensor summed(ValueAndGradient (*sum_of)(const RankedRows&, const at::Tensor&, const Term&),
                  const at::Tensor& similarities, const PairMasks& masks, const at::Tensor& weight,
                  double temperature, const Term& term) {
  ValueAndGradient sum;
  {
    at::NoGradGuard no_grad;
    auto lists = positive_lists(masks);
    lists.columns = lists.columns.contiguous();
    const RankedRows rows = {similarities.detach().contiguous(),
                             {masks.positive.contiguous(), masks.negative.contiguous()},
                             std::move(lists),
                             1 / temperature};
    sum = sum_of(rows, weight, term);
  }
  return with_known_gradient(similarities, sum.value, sum.gradient);
}

}  // namespace

at::Tensor sum_over_ranks(const at::Tensor& similarities, const PairMasks& masks, const at::Tensor& weight,
                          double temperature, const Term& term) {
  return summed(similarities.is_cpu() ? &sum_by_rows : &sum_by_positives, similarities, masks, weight,
                temperature, term);
}

at::Tensor sum_over_ranks_by_positives(const at::Tensor& similarities, const PairMasks& masks,
                                       const at::Tensor& weight, double temperature, const Term& term) {
  return summed(&sum_by_positives, similarities, masks, weight, temperature, term);
}

}  // namespace kindred
