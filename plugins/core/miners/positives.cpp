#include "positives.hpp"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "core/losses/chosen_sums.hpp"

namespace kindred {

PositiveLists positive_lists(const PairMasks& masks) {
  const auto counts = counts_of_chosen(masks.positive);
  const int64_t longest = counts.numel() == 0 ? 0 : counts.max().item<int64_t>();
  return {std::get<1>(masks.positive.to(at::kByte).topk(longest, 1)), counts};
}

at::Tensor PositiveLists::are_there() const {
  return at::arange(longest(), counts.options()).unsqueeze(0) < counts.unsqueeze(1);
}

Triplets triplets_of(const PositiveLists& lists, const at::Tensor& choices, const at::Tensor& negatives) {
  const auto kept = lists.are_there().logical_and(negatives.any(1, true)).nonzero();
  const auto rows = kept.select(1, 0), places = rows * lists.longest() + kept.select(1, 1);
  return {rows, lists.columns.reshape({-1}).index_select(0, places),
          choices.reshape({-1}).index_select(0, places)};
}

Triplets triplets_by_positive(const PairBatch& batch,
                              const std::function<at::Tensor(const at::Tensor& column)>& choose) {
  const auto lists = positive_lists(batch.masks);
  const auto none = at::empty({0}, batch.embeddings.options().dtype(at::kLong));
  std::vector<at::Tensor> anchors = {none}, positives = {none}, negatives = {none};
  for (int64_t k = 0; k < lists.longest(); ++k) {
    const auto column = lists.column(k);
    const auto chosen = choose(column)
                            .logical_and(batch.masks.negative)
                            .logical_and(lists.has(k).unsqueeze(1))
                            .nonzero();  // (T, 2)
    const auto rows = chosen.select(1, 0);
    anchors.push_back(rows);
    positives.push_back(column.squeeze(1).index_select(0, rows));
    negatives.push_back(chosen.select(1, 1));
  }
  return {at::cat(anchors), at::cat(positives), at::cat(negatives)};
}

}  // namespace kindred
