#include "host/check/examples/loss_examples.hpp"

#include <ATen/ATen.h>

#include <utility>

#include "host/check/rule.hpp"

namespace kindred::host {
namespace {

at::Tensor integers(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

LossExample with_scores(LossExample of, const at::Tensor& scores) {
  of.pairs.scores = scores;
  return of;
}

}  // namespace

LossExample labelled_example(uint64_t seed) {
  at::manual_seed(seed);
  return {at::randn({12, Subject::kDimension}, at::kDouble), at::arange(12, at::kLong).remainder(4)};
}

/// 12 pairs of 3 subgroups with scores of every kind; some objects are in two pairs, one on both sides.
LossExample scored_example(uint64_t seed) {
  at::manual_seed(seed);
  const auto a = integers({0, 1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11}),
             b = integers({20, 21, 22, 23, 24, 25, 20, 27, 28, 29, 5, 31});
  const auto objects = at::randn({32, Subject::kDimension}, at::kDouble);
  const std::vector<double> scores = {1, 0, 1, 0.7, 0, 1, 0.2, 1, 0, 0.5, 1, 1};
  return {objects.index_select(0, at::cat({a, b})),
          {},
          {{}, {}, at::tensor(scores, at::kDouble), integers({0, 0, 0, 0, 1, 1, 0, 1, 0, 2, 1, 2}), a, b}};
}

std::vector<LossExample> loss_examples(const Loss& loss, uint64_t seed) {
  std::vector<LossExample> all;
  if (loss.traits().groups) all.push_back(labelled_example(seed));
  if (loss.traits().scored_pairs) all.push_back(scored_example(seed));
  require(!all.empty(), "takes neither groups nor scored pairs, says its traits()");
  return all;
}

at::Tensor value_of(Loss& loss, const LossExample& of) {
  if (!of.is_of_pairs()) return loss.forward(of.embeddings, of.labels);
  auto pairs = of.pairs;
  const int64_t count = pairs.scores.numel();
  pairs.a = of.embeddings.slice(0, 0, count);
  pairs.b = of.embeddings.slice(0, count);
  return loss.forward_scored(pairs);
}

std::vector<at::Tensor> inputs_of(const LossExample& of) {
  if (!of.is_of_pairs()) return {of.embeddings, of.labels};
  return {of.embeddings, of.pairs.scores, of.pairs.subgroups, of.pairs.a_objects, of.pairs.b_objects};
}

LossExample with_embeddings(LossExample of, const at::Tensor& embeddings) {
  of.embeddings = embeddings;
  if (of.is_of_pairs()) of.pairs.scores = of.pairs.scores.to(embeddings.scalar_type());
  return of;
}

LossExample in_order(const LossExample& of, const at::Tensor& order) {
  const auto chosen = [&](const at::Tensor& x) { return x.index_select(0, order); };
  if (!of.is_of_pairs()) return {chosen(of.embeddings), chosen(of.labels)};
  const auto rows = at::cat({order, order + of.pairs.scores.numel()});
  const auto& pairs = of.pairs;
  return {of.embeddings.index_select(0, rows),
          {},
          {{},
           {},
           chosen(pairs.scores),
           chosen(pairs.subgroups),
           chosen(pairs.a_objects),
           chosen(pairs.b_objects)}};
}

std::vector<LossExample> renumbered(const LossExample& of) {
  constexpr int64_t kEndOfFloat = int64_t{1} << 24, kEndOfDouble = int64_t{1} << 53;
  std::vector<LossExample> all;
  for (const auto first : {kEndOfFloat, kEndOfDouble}) {
    const auto number = [&](const at::Tensor& x) { return x.max() - x + first; };
    auto out = of;
    if (of.is_of_pairs()) {
      out.pairs.subgroups = number(of.pairs.subgroups);
      const auto objects = number(at::cat({of.pairs.a_objects, of.pairs.b_objects}));  // one is on both sides
      out.pairs.a_objects = objects.slice(0, 0, of.pairs.a_objects.numel());
      out.pairs.b_objects = objects.slice(0, of.pairs.a_objects.numel());
    } else {
      out.labels = number(of.labels);
    }
    all.push_back(out);
  }
  return all;
}

namespace {

/// These edges exist for both kinds of batches: labelled samples and scored pairs.
std::vector<LossEdge> edges_of(const LossExample& usual) {
  const auto& x = usual.embeddings;
  auto duplicates = x.clone();
  const int64_t half = x.size(0) / 2;
  duplicates.slice(0, half).copy_(duplicates.slice(0, 0, half));
  return {{"equal samples", with_embeddings(usual, duplicates)},
          {"only equal samples", with_embeddings(usual, at::ones_like(x))},
          {"zero vectors", with_embeddings(usual, at::zeros_like(x))},
          {"huge norms", with_embeddings(usual, x * 1e6)},
          {"tiny norms", with_embeddings(usual, x * 1e-6)}};
}

std::vector<LossEdge> edges_of_labels() {
  const auto usual = labelled_example();
  const auto classes = at::arange(12, at::kLong);
  auto all = edges_of(usual);
  all.push_back({"one class", {usual.embeddings, at::zeros({12}, at::kLong)}});
  all.push_back({"classes of one sample", {usual.embeddings.slice(0, 0, 6), classes.slice(0, 0, 6)}});
  all.push_back({"one sample", in_order(usual, integers({0}))});
  return all;
}

std::vector<LossEdge> edges_of_pairs() {
  const auto usual = scored_example();
  const auto& scores = usual.pairs.scores;
  auto one_object = with_embeddings(usual, at::ones_like(usual.embeddings)), alone = usual;
  one_object.pairs.a_objects = one_object.pairs.b_objects = at::zeros({12}, at::kLong);
  alone.pairs.subgroups = at::arange(12, at::kLong);
  auto all = edges_of(usual);
  all.push_back({"similar pairs alone", with_scores(usual, at::ones_like(scores))});
  all.push_back({"dissimilar pairs alone", with_scores(usual, at::zeros_like(scores))});
  all.push_back({"pairs of one object", one_object});
  all.push_back({"subgroups of one pair", alone});
  all.push_back({"one similar pair", in_order(usual, integers({0}))});
  all.push_back({"one dissimilar pair", in_order(usual, integers({1}))});
  all.push_back({"one pair many times", in_order(usual, at::zeros({12}, at::kLong))});
  return all;
}

}  // namespace

std::vector<LossEdge> loss_edges(const Loss& loss) {
  std::vector<LossEdge> edges;
  if (loss.traits().groups) edges = edges_of_labels();
  if (loss.traits().scored_pairs) {
    for (auto& edge : edges_of_pairs()) edges.push_back(std::move(edge));
  }
  return edges;
}

}  // namespace kindred::host
