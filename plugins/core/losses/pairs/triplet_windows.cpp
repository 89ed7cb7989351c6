#include "triplet_windows.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

namespace kindred {
namespace {

/// Up to so many bounds are compared one by one, which the compiler does for several numbers at a time.
constexpr size_t kComparedBounds = 64;

/// One row after the other. Triplets are counted from the negatives: n is in the windows of those positives,
/// in ascending order of their distances, that lie between two places.
template <class Number>
class RowSums {
 public:
  RowSums(const TripletWindow& window, int64_t columns)
      : window_(window), first_(static_cast<size_t>(columns)), last_(static_cast<size_t>(columns)) {}

  /// All of `columns` numbers; `gradient` begins with zeros.
  void read(const Number* distances, const bool* positive, const bool* negative, Number* gradient) {
    const auto columns = static_cast<int64_t>(first_.size());
    order_.clear();
    for (int64_t j = 0; j < columns; ++j) {
      if (positive[j]) order_.push_back(j);
    }
    gaps = 0, count = 0;
    if (order_.empty()) return;
    std::sort(order_.begin(), order_.end(),
              [&](int64_t a, int64_t b) { return distances[a] < distances[b]; });
    near_.clear(), far_.clear();
    for (const auto j : order_) {
      near_.push_back(distances[j]);
      far_.push_back(distances[j] + static_cast<Number>(window_.margin));
    }
    count_bounds(far_, distances, true, first_);
    if (window_.takes_nearer) {
      std::fill(last_.begin(), last_.end(), static_cast<int32_t>(near_.size()));
    } else {
      count_bounds(near_, distances, false, last_);
    }
    changes_.assign(order_.size() + 1, 0);
    for (int64_t j = 0; j < columns; ++j) {
      const auto first = first_[static_cast<size_t>(j)], last = last_[static_cast<size_t>(j)];
      if (!negative[j] || first >= last) continue;
      ++changes_[static_cast<size_t>(first)];
      --changes_[static_cast<size_t>(last)];
      gradient[j] = static_cast<Number>(first - last);
      gaps -= static_cast<double>(last - first) * static_cast<double>(distances[j]);
    }
    int64_t negatives = 0;  // in the window of the positive
    for (size_t p = 0; p < order_.size(); ++p) {
      negatives += changes_[p];
      gradient[order_[p]] = static_cast<Number>(negatives);
      gaps += static_cast<double>(negatives) * static_cast<double>(far_[p]);
      count += static_cast<double>(negatives);
    }
  }

  double gaps = 0, count = 0;  ///< of the row read last

 private:
  /// How many of the ascending `bounds` are below each distance, or not above it.
  static void count_bounds(const std::vector<Number>& bounds, const Number* distances, bool counts_equal,
                           std::vector<int32_t>& counts) {
    const size_t columns = counts.size();
    if (bounds.size() > kComparedBounds) {
      for (size_t j = 0; j < columns; ++j) {
        const auto end = counts_equal ? std::upper_bound(bounds.begin(), bounds.end(), distances[j])
                                      : std::lower_bound(bounds.begin(), bounds.end(), distances[j]);
        counts[j] = static_cast<int32_t>(end - bounds.begin());
      }
      return;
    }
    std::fill(counts.begin(), counts.end(), 0);
    int32_t* out = counts.data();
    for (const Number bound : bounds) {
      if (counts_equal) {
        for (size_t j = 0; j < columns; ++j) out[j] += bound <= distances[j] ? 1 : 0;
      } else {
        for (size_t j = 0; j < columns; ++j) out[j] += bound < distances[j] ? 1 : 0;
      }
    }
  }

  const TripletWindow window_;
  std::vector<int32_t> first_, last_;
  std::vector<int64_t> order_, changes_;
  std::vector<Number> near_, far_;
};

template <class Number>
void read_rows(const at::Tensor& distances, const PairMasks& masks, const TripletWindow& window,
               const at::Tensor& gradient, std::vector<double>& gaps, std::vector<double>& counts) {
  const int64_t columns = distances.size(1);
  const auto* values = distances.data_ptr<Number>();
  const bool *positive = masks.positive.data_ptr<bool>(), *negative = masks.negative.data_ptr<bool>();
  auto* slopes = gradient.data_ptr<Number>();
  at::parallel_for(0, distances.size(0), 16, [&](int64_t begin, int64_t end) {
    RowSums<Number> row(window, columns);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = i * columns;
      row.read(values + at, positive + at, negative + at, slopes + at);
      gaps[static_cast<size_t>(i)] = row.gaps;
      counts[static_cast<size_t>(i)] = row.count;
    }
  });
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

TripletSums sums_by_rows(const at::Tensor& distances, const PairMasks& masks, const TripletWindow& window) {
  const auto gradient = distances.new_zeros(distances.sizes());
  std::vector<double> gaps(static_cast<size_t>(distances.size(0))), counts(gaps.size());
  AT_DISPATCH_FLOATING_TYPES(distances.scalar_type(), "triplet_sums",
                             [&] { read_rows<scalar_t>(distances, masks, window, gradient, gaps, counts); });
  return {distances.new_full({}, sum_of(gaps)), distances.new_full({}, sum_of(counts)), gradient};
}

}  // namespace

TripletSums triplet_sums(const at::Tensor& distances, const PairMasks& masks, const TripletWindow& window) {
  at::NoGradGuard no_grad;
  const auto d = distances.detach();
  if (!d.is_cpu()) return triplet_sums_by_sorting(d, masks, window);
  return sums_by_rows(d.contiguous(), {masks.positive.contiguous(), masks.negative.contiguous()}, window);
}

}  // namespace kindred
