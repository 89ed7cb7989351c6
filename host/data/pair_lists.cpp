#include "host/data/pair_lists.hpp"

#include <ATen/ATen.h>

#include <unordered_map>

namespace kindred::host {

at::Tensor chosen_rows(const at::Tensor& rows, const at::Tensor& places) {
  return places.defined() ? rows.index_select(0, places.to(rows.device())) : rows;
}

PairList pairs_within(const PairList& pairs, const std::vector<SampleIndex>& samples) {
  if (!pairs.defined()) return {};
  std::unordered_map<int64_t, int64_t> place;
  for (size_t i = 0; i < samples.size(); ++i) place[to_int(samples[i])] = static_cast<int64_t>(i);
  const auto all = pairs.rows.contiguous();
  const auto* row = all.data_ptr<int64_t>();
  std::vector<int64_t> rows, kept;
  for (int64_t i = 0; i < all.size(0); ++i) {
    const auto a = place.find(row[2 * i]), b = place.find(row[2 * i + 1]);
    if (a == place.end() || b == place.end()) continue;
    rows.push_back(a->second);
    rows.push_back(b->second);
    kept.push_back(i);
  }
  const auto chosen = at::tensor(kept, at::kLong);
  return {at::tensor(rows, at::kLong).reshape({-1, 2}), pairs.scores.index_select(0, chosen),
          pairs.subgroups.index_select(0, chosen)};
}

PairBatches::PairBatches(PairList pairs, const at::Tensor& labels)
    : pairs_(std::move(pairs)), labels_(labels.index_select(0, pairs_.rows.select(1, 0))) {}

at::Tensor PairBatches::objects(const at::Tensor& batch) const {
  return pairs_.rows.index_select(0, batch).t().reshape({-1});
}

ScoredPairs PairBatches::scored(const at::Tensor& batch, const at::Tensor& embeddings,
                                const at::Tensor& samples, const at::Tensor& asked) const {
  const auto count = static_cast<size_t>(batch.numel());
  auto kept = batch;
  at::Tensor places;  // of the embeddings of the kept pairs: the first objects', then the second ones'; all
  if (samples.numel() != asked.numel()) {
    const auto present = samples.cpu(), wanted = asked.contiguous();
    const auto* number = wanted.data_ptr<int64_t>();
    std::unordered_map<int64_t, int64_t> row_of;
    for (int64_t i = 0; i < present.numel(); ++i) row_of[present.data_ptr<int64_t>()[i]] = i;
    std::vector<int64_t> pair_places, first, second;
    for (size_t i = 0; i < count; ++i) {
      const auto a = row_of.find(number[i]), b = row_of.find(number[count + i]);
      if (a == row_of.end() || b == row_of.end()) continue;
      pair_places.push_back(static_cast<int64_t>(i));
      first.push_back(a->second);
      second.push_back(b->second);
    }
    first.insert(first.end(), second.begin(), second.end());
    places = at::tensor(first, at::kLong);
    kept = batch.index_select(0, at::tensor(pair_places, at::kLong));
  }
  const auto device = embeddings.device();
  const auto pairs = kept.numel();
  const auto rows = chosen_rows(embeddings, places);
  const auto objects = chosen_rows(samples, places).to(device);
  return {rows.slice(0, 0, pairs),
          rows.slice(0, pairs, 2 * pairs),
          pairs_.scores.index_select(0, kept).to(device, embeddings.scalar_type()),
          pairs_.subgroups.index_select(0, kept).to(device),
          objects.slice(0, 0, pairs),
          objects.slice(0, pairs, 2 * pairs)};
}

}  // namespace kindred::host
