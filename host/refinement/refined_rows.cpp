#include "host/refinement/refined_rows.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "host/refinement/k_reciprocal.hpp"
#include "host/refinement/query_expansion.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// At most `k` places of the largest of `count` scores, best first; those that are never found are left out.
std::vector<int64_t> best_places(const float* scores, int64_t count, int64_t k) {
  std::vector<int64_t> places(static_cast<size_t>(count));
  std::iota(places.begin(), places.end(), 0);
  const auto before = [scores](int64_t a, int64_t b) { return is_before(scores, a, b); };
  const auto end = places.begin() + std::min(k, count);
  if (end != places.end()) std::nth_element(places.begin(), end, places.end(), before);
  std::sort(places.begin(), end, before);
  places.erase(std::find_if(places.begin(), end, [&](int64_t one) { return scores[one] == kNever; }),
               places.end());
  return places;
}

/// Makes `order` the first of `count` scores. The others stay in their order: their scores become 0 for the
/// best of them, and less for the rest.
void put_first(float* scores, int64_t count, const std::vector<int64_t>& order) {
  for (const auto place : order) scores[place] = kNever;
  const float best = *std::max_element(scores, scores + count);
  if (best != kNever)
    std::transform(scores, scores + count, scores, [best](float one) { return one - best; });
  auto rank = static_cast<float>(order.size());
  for (const auto place : order) scores[place] = rank--;
}

at::Tensor tensor_of(const std::vector<int64_t>& places) { return at::tensor(places, at::kLong); }

}  // namespace

RefinedRows::RefinedRows(Distance distance, const at::Tensor& rows, const Refinements& refinements,
                         RowTransform transform)
    : refinements_(refinements), transform_(std::move(transform)) {
  at::NoGradGuard no_grad;
  rows_ = {distance, comparable_rows(distance, transform_.apply(rows).to(at::kCPU)), {}};
  const auto squares = squared_lengths(rows_.rows);
  if (!squares.isfinite().all().item<bool>()) {
    throw Error(
        "a row has numbers that are not finite or whose squares are too large for float32; look at where the "
        "embeddings come from");
  }
  const bool is_euclidean =
      distance.kind == Distance::euclidean || distance.kind == Distance::squared_euclidean;
  if (is_euclidean) rows_.half_squares = squares / 2;
  if (refinements.expansion && distance.kind != Distance::cosine && rows.size(0) > 0 &&
      (squares - 1).abs().max().item<float>() > 1e-2F) {
    throw Error(
        "query expansion is defined by the cosine, and these rows, which do not have length 1, are compared "
        "by "
        "another distance; leave it out, or train with a head l2_normalize behind the others");
  }
  if (refinements.reciprocal) check_k_reciprocal(distance);
  if (refinements.codes != CodeKind::none) coded_.emplace(refinements.codes, rows_.rows);
}

at::Tensor RefinedRows::first_scores(const at::Tensor& queries, const AllowedRows& allowed) const {
  auto scores = coded_ ? coded_->scores(rows_.distance, queries) : rows_.scores(queries).contiguous();
  if (allowed.candidates.defined()) scores.masked_fill_(allowed.candidates.logical_not(), kNever);
  const int64_t count = scores.size(1);
  auto* score = scores.data_ptr<float>();
  if (allowed.excluded.defined()) {
    for (int64_t i = 0; i < scores.size(0); ++i) {
      const auto row = allowed.excluded.data_ptr<int64_t>()[i];
      if (row >= 0) score[i * count + row] = kNever;
    }
  }
  if (!coded_ || refinements_.code_options.rescore == 0) return scores;
  at::parallel_for(0, scores.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      auto found = best_places(score + i * count, count, refinements_.code_options.rescore);
      if (found.empty()) continue;
      const ScoredRows part{
          rows_.distance, rows_.rows.index_select(0, tensor_of(found)),
          rows_.half_squares.defined() ? rows_.half_squares.index_select(0, tensor_of(found)) : at::Tensor()};
      const auto stored = part.scores(queries.slice(0, i, i + 1)).contiguous();
      std::vector<int64_t> order;
      for (const auto place : best_places(stored.data_ptr<float>(), stored.numel(), stored.numel()))
        order.push_back(found[static_cast<size_t>(place)]);
      put_first(score + i * count, count, order);
    }
  });
  return scores;
}

at::Tensor RefinedRows::nearest_rows(const at::Tensor& scores, int64_t k) const {
  const int64_t count = scores.size(1);
  auto out = at::zeros({scores.size(0), k, rows_.rows.size(1)}, at::kFloat);
  at::parallel_for(0, scores.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto found = best_places(scores.data_ptr<float>() + i * count, count, k);
      out[i]
          .slice(0, 0, static_cast<int64_t>(found.size()))
          .copy_(rows_.rows.index_select(0, tensor_of(found)));
    }
  });
  return out;
}

void RefinedRows::order_reciprocally(const at::Tensor& queries, at::Tensor& scores) const {
  const int64_t count = scores.size(1);
  at::parallel_for(0, scores.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      auto* score = scores.data_ptr<float>() + i * count;
      const auto found = best_places(score, count, refinements_.reciprocal->depth);
      if (found.empty()) continue;
      const auto places = k_reciprocal_order(
          rows_.distance, queries[i], rows_.rows.index_select(0, tensor_of(found)), *refinements_.reciprocal);
      std::vector<int64_t> order;
      for (int64_t n = 0; n < places.numel(); ++n)
        order.push_back(found[static_cast<size_t>(places.data_ptr<int64_t>()[n])]);
      put_first(score, count, order);
    }
  });
}

at::Tensor RefinedRows::scores(const at::Tensor& queries, const AllowedRows& allowed) const {
  at::NoGradGuard no_grad;
  auto asked = comparable_rows(rows_.distance, transform_.apply(queries).to(at::kCPU));
  auto scores = first_scores(asked, allowed);
  if (refinements_.expansion) {
    asked = expanded_queries(asked, nearest_rows(scores, refinements_.expansion->k),
                             refinements_.expansion->alpha);
    scores = first_scores(asked, allowed);
  }
  if (refinements_.reciprocal) order_reciprocally(asked, scores);
  return scores;
}

Neighbours RefinedRows::search(const at::Tensor& queries, int64_t k, const AllowedRows& allowed) const {
  at::NoGradGuard no_grad;
  const auto scored = scores(queries, allowed);
  const auto plain = comparable_rows(rows_.distance, transform_.apply(queries).to(at::kCPU));
  Neighbours out{at::full({queries.size(0), k}, -1, at::kLong),
                 at::full({queries.size(0), k}, std::numeric_limits<float>::infinity(), at::kFloat)};
  for (int64_t i = 0; i < queries.size(0); ++i) {
    const auto found = best_places(scored.data_ptr<float>() + i * scored.size(1), scored.size(1), k);
    const auto places = tensor_of(found), row = plain.slice(0, i, i + 1);
    out.rows[i].slice(0, 0, places.numel()).copy_(places);
    out.distances[i]
        .slice(0, 0, places.numel())
        .copy_(paired_distance(rows_.distance, row.expand({places.numel(), row.size(1)}),
                               rows_.rows.index_select(0, places)));
  }
  return out;
}

int64_t RefinedRows::bytes_per_row() const {
  return coded_ ? coded_->bytes_per_row() : rows_.rows.size(1) * int64_t{sizeof(float)};
}

}  // namespace kindred::host
