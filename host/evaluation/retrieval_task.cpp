#include "host/evaluation/retrieval_task.hpp"

#include <ATen/ATen.h>

#include "host/data/class_split.hpp"
#include "host/data/pair_lists.hpp"
#include "host/evaluation/relevance.hpp"

namespace kindred::host {
namespace {

/// int64: the rows that `wanted`, bool (N), is true of.
at::Tensor rows_where(const at::Tensor& wanted) { return wanted.nonzero().squeeze(1); }

/// bool (N): the rows whose sample has another role than `other`.
at::Tensor lacks_role(const std::vector<Role>& roles, const std::vector<SampleIndex>& rows, Role other) {
  auto out = at::empty({static_cast<int64_t>(rows.size())}, at::kBool);
  for (size_t i = 0; i < rows.size(); ++i) {
    out.data_ptr<bool>()[i] = roles[static_cast<size_t>(rows[i])] != other;
  }
  return out;
}

/// bool (N): whether a row is in `list`.
at::Tensor is_in(const at::Tensor& list, int64_t count) {
  return at::zeros({count}, at::kBool).index_fill_(0, list, true);
}

}  // namespace

at::Tensor query_rows(const RetrievalTask& task) {
  return task.queries.defined() ? task.queries.contiguous() : at::arange(task.labels.numel(), at::kLong);
}

RetrievalTask retrieval_task(const Dataset& dataset, const std::vector<SampleIndex>& rows,
                             EvalSampler* sampler, uint64_t seed, bool all_candidates) {
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
    task.queries = rows_where(lacks_role(roles, rows, Role::gallery));
    task.candidates = lacks_role(roles, rows, Role::query);
  }
  if (sampler == nullptr) return task;
  const auto possible = query_rows(task);
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

}  // namespace kindred::host
