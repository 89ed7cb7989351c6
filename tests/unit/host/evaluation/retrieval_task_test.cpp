#include "host/evaluation/retrieval_task.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "component.hpp"
#include "host/data/pair_lists.hpp"
#include "host/evaluation/ranking.hpp"
#include "host/evaluation/relevance.hpp"
#include "made_dataset.hpp"

namespace kindred::host {
namespace {
using testing::MadeDataset;

std::vector<int64_t> numbers(const at::Tensor& list) {
  const auto plain = list.contiguous();
  return {plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel()};
}

std::vector<SampleIndex> all_rows(const Dataset& dataset) { return all_samples(dataset.size()); }

/// What the search must find, by sorting all candidates of each query.
struct Brute {
  std::vector<bool> relevant;  // nearest first
  int64_t count = 0, first = 0;
};

Brute brute_force(const at::Tensor& x, int64_t query, const std::vector<int64_t>& candidates,
                  const std::vector<int64_t>& wanted) {
  const auto unit = x / x.norm(2, {1}, true);
  const auto similar = at::mv(unit, unit[query]);
  std::vector<int64_t> order;
  for (auto row : candidates) {
    if (row != query) order.push_back(row);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return similar[a].item<float>() > similar[b].item<float>(); });
  Brute out;
  for (size_t k = 0; k < order.size(); ++k) {
    const bool hit = std::find(wanted.begin(), wanted.end(), order[k]) != wanted.end();
    out.relevant.push_back(hit);
    out.count += hit;
    if (hit && out.first == 0) out.first = static_cast<int64_t>(k) + 1;
  }
  return out;
}

void expect_found(const at::Tensor& x, const RetrievalTask& task, const std::vector<int64_t>& candidates,
                  const std::function<std::vector<int64_t>(int64_t)>& wanted) {
  RankingOptions options;
  options.depth = 1000;
  options.tile_bytes = 300;  // a few queries at a time
  const auto queries = numbers(task.queries);
  size_t seen = 0;
  rank_neighbours(x, task, Relevance(task), options, [&](int64_t first, const Ranking& ranking) {
    ASSERT_EQ(static_cast<size_t>(first), seen);
    for (int64_t i = 0; i < ranking.relevant_count.numel(); ++i, ++seen) {
      const auto query = queries[seen];
      const auto expected = brute_force(x, query, candidates, wanted(query));
      EXPECT_EQ(ranking.relevant_count[i].item<int64_t>(), expected.count) << query;
      EXPECT_EQ(ranking.first_relevant[i].item<int64_t>(), expected.first) << query;
      for (int64_t k = 0; k < ranking.relevant.size(1); ++k) {
        EXPECT_EQ(ranking.relevant[i][k].item<bool>(), expected.relevant[static_cast<size_t>(k)]) << query;
      }
    }
  });
  EXPECT_EQ(seen, queries.size());
}

TEST(RetrievalTask, roles_divide_queries_and_candidates) {
  at::manual_seed(1);
  MadeDataset dataset;
  std::vector<int64_t> gallery, queries;
  for (int64_t i = 0; i < 40; ++i) {
    dataset.labels_.push_back(i % 7);
    dataset.roles_.push_back(i % 3 == 0 ? Role::query : Role::gallery);
    (i % 3 == 0 ? queries : gallery).push_back(i);
  }
  const auto task = retrieval_task(dataset, all_rows(dataset), nullptr, 0, false);
  EXPECT_EQ(numbers(task.queries), queries);
  expect_found(at::randn({40, 5}), task, gallery, [&](int64_t query) {
    std::vector<int64_t> same;
    for (auto row : gallery) {
      if (row % 7 == query % 7) same.push_back(row);
    }
    return same;
  });
}

/// 12 first objects and 15 second ones; some pairs are dissimilar, some objects are in several.
MadeDataset pairs_dataset() {
  MadeDataset dataset;
  dataset.labels_.assign(27, 0);
  std::vector<int64_t> rows;
  std::vector<float> scores;
  for (int64_t i = 0; i < 30; ++i) {
    rows.push_back(i * 5 % 12);
    rows.push_back(12 + i * 7 % 15);
    scores.push_back(i % 4 == 0 ? 0.1F : 0.9F);
  }
  dataset.pairs_ = {at::tensor(rows, at::kLong).reshape({-1, 2}), at::tensor(scores),
                    at::zeros({30}, at::kLong)};
  return dataset;
}

TEST(RetrievalTask, similar_pairs_say_what_is_relevant) {
  at::manual_seed(2);
  const auto dataset = pairs_dataset();
  const auto x = at::randn({27, 6});
  const auto partners = [&](int64_t row, bool both_ways) {
    std::vector<int64_t> found;
    for (int64_t i = 0; i < 30; ++i) {
      if (dataset.pairs_.scores[i].item<float>() < kSimilarScore) continue;
      const auto a = dataset.pairs_.rows[i][0].item<int64_t>(), b = dataset.pairs_.rows[i][1].item<int64_t>();
      if (a == row) found.push_back(b);
      if (both_ways && b == row) found.push_back(a);
    }
    return found;
  };
  std::vector<int64_t> second;
  for (int64_t i = 12; i < 27; ++i) second.push_back(i);
  const auto task = retrieval_task(dataset, all_rows(dataset), nullptr, 0, false);
  expect_found(x, task, second, [&](int64_t row) { return partners(row, false); });

  const auto among_all = retrieval_task(dataset, all_rows(dataset), nullptr, 0, true);
  EXPECT_FALSE(among_all.candidates.defined());
  expect_found(x, among_all, numbers(at::arange(27, at::kLong)),
               [&](int64_t row) { return partners(row, true); });
}

TEST(RetrievalTask, a_partner_is_relevant_whichever_object_of_its_pair_it_is) {
  MadeDataset dataset;  // (0, 1), (2, 0): both partners of 0 are second objects of some pair or the other
  dataset.labels_.assign(3, 0);
  dataset.pairs_ = {at::tensor(std::vector<int64_t>{0, 1, 2, 0, 1, 2}, at::kLong).reshape({3, 2}),
                    at::tensor(std::vector<float>{1, 1, 0}), at::zeros({3}, at::kLong)};
  const auto task = retrieval_task(dataset, all_rows(dataset), nullptr, 0, false);
  const Relevance relevance(task);
  EXPECT_EQ(relevance.of(0), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(relevance.of(2), (std::vector<int64_t>{0}));
  EXPECT_EQ(relevance.count(1), 1) << "its partner is a candidate, though it is no query itself";
}

TEST(RetrievalTask, samplers_draw_among_queries_that_can_find_something) {
  const auto group = testing::make<EvalSampler>("core", "kindred.group", {{"queries", 5}});
  const auto pairs = pairs_dataset();
  const auto some = retrieval_task(pairs, all_rows(pairs), group.get(), 3, false);
  ASSERT_EQ(some.queries.numel(), 5);
  EXPECT_LT(some.queries.max().item<int64_t>(), 12) << "first objects";

  MadeDataset shop;  // one query per class, and a gallery that lacks class 2
  shop.labels_ = {0, 1, 2, 0, 1, 1};
  shop.roles_ = {Role::query, Role::query, Role::query, Role::gallery, Role::gallery, Role::gallery};
  EXPECT_EQ(numbers(retrieval_task(shop, all_rows(shop), group.get(), 3, false).queries),
            (std::vector<int64_t>{0, 1}));
  shop.roles_.assign(6, Role::gallery);
  EXPECT_EQ(retrieval_task(shop, all_rows(shop), group.get(), 3, false).queries.numel(), 0);
}

TEST(RetrievalTask, pairs_with_an_object_elsewhere_are_left_out) {
  const auto dataset = pairs_dataset();
  std::vector<SampleIndex> few;
  for (int64_t i = 26; i >= 3; --i) few.push_back(SampleIndex{i});  // in another order than the dataset's
  const auto within = pairs_within(dataset.pairs(), few);
  int64_t next = 0;
  for (int64_t i = 0; i < 30; ++i) {
    const auto a = dataset.pairs_.rows[i][0].item<int64_t>(), b = dataset.pairs_.rows[i][1].item<int64_t>();
    if (a < 3) continue;
    ASSERT_LT(next, within.rows.size(0));
    EXPECT_EQ(to_int(few[static_cast<size_t>(within.rows[next][0].item<int64_t>())]), a);
    EXPECT_EQ(to_int(few[static_cast<size_t>(within.rows[next][1].item<int64_t>())]), b);
    EXPECT_EQ(within.scores[next].item<float>(), dataset.pairs_.scores[i].item<float>());
    ++next;
  }
  EXPECT_EQ(next, within.rows.size(0));
}

TEST(PairBatches, gives_the_embeddings_of_both_objects) {
  const auto dataset = pairs_dataset();
  const PairBatches batches(dataset.pairs(), at::arange(27, at::kLong));
  const auto batch = at::tensor(std::vector<int64_t>{3, 8, 20}, at::kLong);
  const auto objects = batches.objects(batch);
  const auto embeddings = at::stack({objects.to(at::kFloat), objects.to(at::kFloat) + 0.5}, 1);
  const auto whole = batches.scored(batch, embeddings, objects, objects);
  EXPECT_TRUE(at::equal(whole.a_objects, dataset.pairs_.rows.index_select(0, batch).select(1, 0)));
  EXPECT_TRUE(at::equal(whole.b_objects, dataset.pairs_.rows.index_select(0, batch).select(1, 1)));
  EXPECT_TRUE(at::equal(whole.a.select(1, 0), whole.a_objects.to(at::kFloat)));
  EXPECT_TRUE(at::equal(whole.b.select(1, 0), whole.b_objects.to(at::kFloat)));
  EXPECT_TRUE(at::equal(whole.scores, dataset.pairs_.scores.index_select(0, batch)));

  // The second object of pair 8 could not be read.
  const auto lost = numbers(objects)[4];
  const auto left = objects.ne(lost).nonzero().squeeze(1);
  const auto partial =
      batches.scored(batch, embeddings.index_select(0, left), objects.index_select(0, left), objects);
  EXPECT_EQ(partial.a.size(0), 2);
  EXPECT_TRUE(partial.b_objects.ne(lost).all().item<bool>());
  EXPECT_TRUE(at::equal(partial.a.select(1, 0), partial.a_objects.to(at::kFloat)));
  EXPECT_TRUE(at::equal(partial.b.select(1, 0), partial.b_objects.to(at::kFloat)));
}

}  // namespace
}  // namespace kindred::host
