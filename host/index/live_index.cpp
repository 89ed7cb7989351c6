#include "host/index/live_index.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"

namespace kindred::host {
namespace {

at::Tensor part_of(const at::Tensor& candidates, int64_t begin, int64_t end) {
  return candidates.defined() ? candidates.slice(0, begin, end) : at::Tensor();
}

/// Rows keep their numbers within a generation, and folders of components their names for good.
bool is_same(const IndexComponent& a, const IndexComponent& b) {
  return a.id == b.id && a.covered == b.covered && a.folder == b.folder && a.params == b.params;
}

}  // namespace

LiveIndex::LiveIndex(std::shared_ptr<const IndexFolder> folder, const MakeIndex& make,
                     const LiveIndex* earlier)
    : folder_(std::move(folder)) {
  const auto& what = folder_->component();
  if (what.id.empty() || what.covered == 0) return;
  if (earlier != nullptr && earlier->component_ && is_same(what, earlier->folder().component()) &&
      folder_->state().generation == earlier->folder().state().generation) {
    component_ = earlier->component_;
    return;
  }
  component_ = make(what);
  // Without files of its own it gets a folder in which it finds none.
  const auto files =
      std::filesystem::path(folder_->path()) / (what.folder.empty() ? "index-none" : what.folder);
  component_->load(files.string(), std::make_shared<RowRange>(folder_->rows(), 0, what.covered),
                   folder_->space().distance);
}

at::Tensor LiveIndex::allowed(const at::Tensor& candidates) const {
  const auto live = folder_->live();
  if (!candidates.defined()) return live;
  return live.defined() ? candidates.logical_and(live) : candidates;
}

at::Tensor LiveIndex::prepared(const at::Tensor& queries) const {
  const auto& space = folder_->space();
  if (queries.dim() != 2 || queries.size(1) != space.dimension) {
    throw Error(fmt::format(
        "the query has {} numbers, and the rows of the index {} have {}; was it made by "
        "another model?",
        queries.dim() == 2 ? queries.size(1) : queries.numel(), folder_->path(), space.dimension));
  }
  const auto plain = queries.detach().to(at::kCPU, at::kFloat).contiguous();
  check_rows(space.distance, plain, "query");
  return space.unit_length() ? l2_normalized(plain) : plain;
}

Neighbours LiveIndex::exact(const at::Tensor& queries, int64_t k, const at::Tensor& candidates) const {
  IndexSearch request;
  request.k = k;
  request.candidates = allowed(candidates);
  return exact_search(*folder_->rows(), folder_->space().distance, prepared(queries), request);
}

/// int64 (Q, M): what the component finds among its rows, and what is found one by one behind them.
at::Tensor LiveIndex::found_by_component(const at::Tensor& queries, int64_t k,
                                         const at::Tensor& candidates) const {
  const auto& what = folder_->component();
  const auto size = folder_->size();
  IndexSearch request;
  request.k = std::min(component_->is_exact() ? k : k * std::max<int64_t>(what.oversample, 1), what.covered);
  request.candidates = part_of(candidates, 0, what.covered);
  auto found = component_->search(queries, request).rows;
  if (what.covered == size) return found;
  const RowRange later(folder_->rows(), what.covered, size);
  request.k = std::min(k, later.size());
  request.candidates = part_of(candidates, what.covered, size);
  const auto added = exact_search(later, folder_->space().distance, queries, request).rows;
  return at::cat({found, at::where(added.ge(0), added + what.covered, added)}, 1);
}

Neighbours LiveIndex::search(const at::Tensor& queries, int64_t k, const at::Tensor& candidates) const {
  if (component_ == nullptr) return exact(queries, k, candidates);
  const auto size = folder_->size();
  if (k < 1) throw Error(fmt::format("{} neighbours were asked for; at least 1 can be searched", k));
  if (candidates.defined() &&
      (candidates.dim() != 1 || candidates.size(0) != size || candidates.scalar_type() != at::kBool)) {
    throw Error(fmt::format("the candidates do not fit the {} rows of the index {}", size, folder_->path()));
  }
  const auto ready = prepared(queries);
  if (ready.size(0) == 0) return exact(queries, k, candidates);
  return rescored(*folder_->rows(), folder_->space().distance, ready,
                  found_by_component(ready, k, allowed(candidates)), k);
}

Recall sampled_recall(const LiveIndex& index, int64_t k, int64_t queries) {
  const auto& folder = index.folder();
  const auto places = folder.live_rows();
  Recall recall;
  recall.k = std::min(k, places.size(0) - 1);
  if (recall.k < 1) return {k, 0, 1};
  const auto step = std::max<int64_t>(places.size(0) / queries, 1);
  const auto asked = places.slice(0, 0, std::min(step * queries, places.size(0)), step).contiguous();
  const auto rows = folder.rows()->gather(asked);
  recall.queries = asked.size(0);
  const auto found = index.search(rows, recall.k + 1), exact = index.exact(rows, recall.k + 1);
  // Without the row that asks: where it is found, the others are one fewer.
  const auto others = [&](const Neighbours& of) { return of.rows.ne(asked.unsqueeze(1)); };
  const auto wanted = others(exact);
  auto farthest = exact.distances.masked_fill(wanted.logical_not(), -std::numeric_limits<float>::infinity());
  // Where the row that asks is not among its own nearest, as may be for dot, one more than k is wanted.
  const auto count = wanted.sum(1).clamp_max(recall.k);
  farthest = std::get<0>(farthest.sort(1)).gather(1, (recall.k + 1 - wanted.sum(1) + count - 1).unsqueeze(1));
  const auto hits = found.distances.le(farthest).logical_and(others(found)).sum(1).minimum(count);
  recall.share = hits.sum().item<double>() / static_cast<double>(count.sum().item<int64_t>());
  return recall;
}

}  // namespace kindred::host
