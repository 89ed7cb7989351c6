#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/losses/pair_distance.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"
#include "positives.hpp"

namespace kindred {
namespace {

/// values (columns): distances, -infinity where they are of no negative. Returns the first of the nearest
/// that are farther than `positive`, else `farthest`.
template <class Number>
int64_t nearest_beyond(Number positive, const Number* values, int64_t columns, int64_t farthest) {
  constexpr Number kFar = std::numeric_limits<Number>::infinity();
  Number nearest = kFar;
  for (int64_t j = 0; j < columns; ++j) {
    const Number beyond = values[j] > positive ? values[j] : kFar;
    nearest = beyond < nearest ? beyond : nearest;
  }
  return nearest < kFar ? std::find(values, values + columns, nearest) - values : farthest;
}

/// d (B, R) -> the column of the negative of each positive, int64 (B, K).
at::Tensor choices_by_rows(const at::Tensor& d, const at::Tensor& negatives, const PositiveLists& lists) {
  const auto choices = lists.columns.new_zeros(lists.columns.sizes());
  const auto of_positives = lists.columns.contiguous();
  const int64_t columns = d.size(1), longest = lists.longest();
  AT_DISPATCH_FLOATING_TYPES(d.scalar_type(), "semi_hard", [&] {
    constexpr auto kNone = -std::numeric_limits<scalar_t>::infinity();
    const auto* distances = d.data_ptr<scalar_t>();
    const auto* negative = negatives.data_ptr<bool>();
    const auto *positive = of_positives.data_ptr<int64_t>(), *counts = lists.counts.data_ptr<int64_t>();
    auto* out = choices.data_ptr<int64_t>();
    at::parallel_for(0, d.size(0), 16, [&](int64_t begin, int64_t end) {
      std::vector<scalar_t> values(static_cast<size_t>(columns));
      for (int64_t i = begin; i < end; ++i) {
        const auto* row = distances + i * columns;
        for (int64_t j = 0; j < columns; ++j)
          values[static_cast<size_t>(j)] = negative[i * columns + j] ? row[j] : kNone;
        // Without negatives it is some column, and triplets_of() leaves the row out.
        const int64_t farthest = std::max_element(values.begin(), values.end()) - values.begin();
        for (int64_t k = i * longest; k < i * longest + counts[i]; ++k)
          out[k] = nearest_beyond(row[positive[k]], values.data(), columns, farthest);
      }
    });
  });
  return choices;
}

/// The same for other devices.
at::Tensor choices_by_operators(const at::Tensor& d, const at::Tensor& negatives,
                                const PositiveLists& lists) {
  const auto far = d.masked_fill(negatives.logical_not(), -kInfinity).argmax(1, true);  // (B, 1)
  const auto choices = lists.columns.new_zeros(lists.columns.sizes());
  for (int64_t k = 0; k < lists.longest(); ++k) {
    const auto farther = negatives.logical_and(d.gt(d.gather(1, lists.column(k))));
    const auto nearest = d.masked_fill(farther.logical_not(), kInfinity).argmin(1, true);
    choices.slice(1, k, k + 1).copy_(nearest.where(farther.any(1, true), far));
  }
  return choices;
}

/// Takes for every positive pair the nearest negative that is farther than the positive (Schroff,
/// Kalenichenko, Philbin 2015, eq. 4), or the farthest negative where none is.
class SemiHardMiner final : public AnchorMiner {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SemiHardTripletMiner", "SemiHardTriplets"};
  struct Params : PairDistanceParams {
    static void describe(Schema<Params>& schema) { describe_distance(schema); }
  };

  explicit SemiHardMiner(const Params& params) : distance_(params) {}

  bool gives_triplets() const override { return true; }

  Mined mine(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch).contiguous();
    const auto lists = positive_lists(batch.masks);
    const auto choices = d.is_cpu() ? choices_by_rows(d, batch.masks.negative.contiguous(), lists)
                                    : choices_by_operators(d, batch.masks.negative, lists);
    return {{}, triplets_of(lists, choices, batch.masks.negative)};
  }

 private:
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Miner, SemiHardMiner, "kindred.semi_hard", "1.0.0",
                  "For each positive pair the nearest negative beyond it");
}  // namespace kindred
