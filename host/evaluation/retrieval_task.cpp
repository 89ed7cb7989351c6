#include "host/evaluation/retrieval_task.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "host/data/class_split.hpp"
#include "host/data/pair_lists.hpp"

namespace kindred::host {
namespace {

/// Rows with `wanted`, bool (N).
at::Tensor rows_where(const at::Tensor& wanted) { return wanted.nonzero().squeeze(1); }

at::Tensor has_role(const std::vector<Role>& roles, const std::vector<int64_t>& rows, Role other) {
  auto out = at::empty({static_cast<int64_t>(rows.size())}, at::kBool);
  for (size_t i = 0; i < rows.size(); ++i) {
    out.data_ptr<bool>()[i] = roles[static_cast<size_t>(rows[i])] != other;
  }
  return out;
}

/// bool (N): rows that are in `list`.
at::Tensor is_in(const at::Tensor& list, int64_t count) {
  return at::zeros({count}, at::kBool).index_fill_(0, list, true);
}

}  // namespace

RetrievalTask retrieval_task(const Dataset& dataset, const std::vector<int64_t>& rows, EvalSampler* sampler,
                             uint64_t seed, bool all_candidates) {
  RetrievalTask task;
  task.labels = labels_of(dataset.labels(), rows);
  task.pairs = pairs_within(dataset.pairs(), rows);
  const auto roles = dataset.roles();
  const auto count = static_cast<int64_t>(rows.size());
  if (task.pairs.defined()) {
    const auto similar = task.pairs.rows.index_select(0, rows_where(task.pairs.scores.ge(kSimilarScore)));
    task.queries = rows_where(is_in(similar.select(1, 0), count));
    if (!all_candidates) task.candidates = is_in(task.pairs.rows.select(1, 1), count);
  } else if (!roles.empty()) {
    task.queries = rows_where(has_role(roles, rows, Role::gallery));
    task.candidates = has_role(roles, rows, Role::query);
  }
  if (sampler == nullptr) return task;
  const auto possible = task.queries.defined() ? task.queries : at::arange(count, at::kLong);
  const Relevance relevance(task);
  std::vector<int64_t> with_partners;  // what has none would only be left out of the mean
  for (int64_t i = 0; i < possible.numel(); ++i) {
    const auto row = possible.data_ptr<int64_t>()[i];
    if (relevance.count(row) > 0) with_partners.push_back(row);
  }
  const auto offered = at::tensor(with_partners, at::kLong);
  task.queries = offered.index_select(0, sampler->queries(task.labels.index_select(0, offered), seed));
  return task;
}

Relevance::Relevance(const RetrievalTask& task) : by_pairs_(task.pairs.defined()) {
  const auto plain = task.labels.contiguous();
  labels_.assign(plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel());
  const auto* candidate = task.candidates.defined() ? task.candidates.data_ptr<bool>() : nullptr;
  const auto is_candidate = [&](int64_t row) { return candidate == nullptr || candidate[row]; };
  if (!by_pairs_) {
    for (int64_t row = 0; row < plain.numel(); ++row) {
      if (is_candidate(row)) relevant_[labels_[static_cast<size_t>(row)]].push_back(row);
    }
    return;
  }
  const auto rows = task.pairs.rows.contiguous();
  const auto scores = task.pairs.scores.contiguous();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    if (scores.data_ptr<float>()[i] < kSimilarScore) continue;
    const auto a = rows.data_ptr<int64_t>()[2 * i], b = rows.data_ptr<int64_t>()[2 * i + 1];
    if (is_candidate(b)) relevant_[a].push_back(b);
    if (is_candidate(a)) relevant_[b].push_back(a);
  }
  for (auto& [row, list] : relevant_) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

const std::vector<int64_t>& Relevance::of(int64_t row) const {
  static const std::vector<int64_t> none;
  const auto it = relevant_.find(by_pairs_ ? row : labels_[static_cast<size_t>(row)]);
  return it == relevant_.end() ? none : it->second;
}

bool Relevance::is_relevant(int64_t row, int64_t candidate) const {
  if (!by_pairs_) return labels_[static_cast<size_t>(row)] == labels_[static_cast<size_t>(candidate)];
  const auto& list = of(row);
  return std::binary_search(list.begin(), list.end(), candidate);
}

int64_t Relevance::count(int64_t row) const {
  const auto& list = of(row);
  return static_cast<int64_t>(list.size()) -
         static_cast<int64_t>(std::binary_search(list.begin(), list.end(), row));
}

}  // namespace kindred::host
