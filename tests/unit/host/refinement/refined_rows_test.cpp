#include "host/refinement/refined_rows.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/refinement/k_reciprocal.hpp"
#include "host/refinement/query_expansion.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

at::Tensor order_of(const at::Tensor& scores) {
  return std::get<1>(scores.sort(/*stable=*/true, 1, /*descending=*/true));
}

at::Tensor nearest(Distance distance, const at::Tensor& queries, const at::Tensor& rows) {
  return std::get<1>(distance_matrix(distance, queries, rows).sort(/*stable=*/true, 1, false));
}

Refinements asked(const std::string& rerank) { return read_refinements({0, 0, "", {rerank}}); }

TEST(RefinedRows, without_refinements_are_rows_ordered_by_distance) {
  const auto rows = at::randn({40, 8}), queries = at::randn({5, 8});
  for (const Distance distance :
       {Distance(Distance::cosine), Distance(Distance::euclidean), Distance(Distance::dot)}) {
    const RefinedRows plain(distance, rows, {});
    EXPECT_TRUE(at::equal(order_of(plain.scores(queries)), nearest(distance, queries, rows)));
    const auto found = plain.search(queries, 3);
    EXPECT_TRUE(at::equal(found.rows, nearest(distance, queries, rows).slice(1, 0, 3)));
    EXPECT_TRUE(at::allclose(found.distances, distance_matrix(distance, queries, rows).gather(1, found.rows),
                             1e-4, 1e-5));
    EXPECT_EQ(plain.bytes_per_row(), 32);
  }
}

TEST(RefinedRows, rows_that_are_not_allowed_are_never_found_and_refine_nothing) {
  const auto rows = at::randn({30, 6});
  const auto queries = rows.slice(0, 0, 4);
  auto candidates = at::ones({30}, at::kBool);
  candidates.slice(0, 20, 30).zero_();
  const AllowedRows allowed{candidates, at::arange(4)};
  for (const auto* text : {"alpha_qe", "k_reciprocal"}) {
    const auto refined = RefinedRows(Distance::cosine, rows, asked(text)).search(queries, 25, allowed);
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_TRUE((refined.rows[i] < 20).all().item<bool>());
      EXPECT_TRUE((refined.rows[i] != i).all().item<bool>());
      EXPECT_EQ((refined.rows[i] >= 0).sum().item<int64_t>(), 19) << "the rest is no row";
      EXPECT_EQ(refined.distances[i][24].item<float>(), std::numeric_limits<float>::infinity());
      // The same as if the other rows were not there.
      auto others = at::cat({at::arange(i), at::arange(i + 1, 20)});
      const auto alone = RefinedRows(Distance::cosine, rows.index_select(0, others), asked(text))
                             .search(queries.slice(0, i, i + 1), 19);
      EXPECT_TRUE(at::equal(others.index_select(0, alone.rows[0]), refined.rows[i].slice(0, 0, 19))) << text;
    }
  }
}

TEST(RefinedRows, an_expanded_query_searches_again) {
  const auto rows = l2_normalized(at::randn({50, 8})), queries = l2_normalized(at::randn({3, 8}));
  const auto first = nearest(Distance::cosine, queries, rows).slice(1, 0, 4);
  const auto expanded = expanded_queries(queries, rows.index_select(0, first.flatten()).view({3, 4, 8}), 2);
  const auto scores = RefinedRows(Distance::cosine, rows, asked("alpha_qe:k=4,alpha=2")).scores(queries);
  EXPECT_TRUE(at::equal(order_of(scores), nearest(Distance::cosine, expanded, rows)));
}

TEST(RefinedRows, reciprocal_order_is_that_of_the_nearest_and_the_others_follow_as_they_were) {
  const auto rows = at::randn({60, 8}), queries = at::randn({3, 8});
  const auto refinements = asked("k_reciprocal:depth=20,k1=6,k2=3");
  const auto order = order_of(RefinedRows(Distance::cosine, rows, refinements).scores(queries));
  const auto plain = nearest(Distance::cosine, queries, rows);
  for (int64_t i = 0; i < 3; ++i) {
    const auto head = plain[i].slice(0, 0, 20);
    const auto expected =
        head.index_select(0, k_reciprocal_order(Distance::cosine, queries[i], rows.index_select(0, head),
                                                *refinements.reciprocal));
    EXPECT_TRUE(at::equal(order[i].slice(0, 0, 20), expected));
    EXPECT_TRUE(at::equal(order[i].slice(0, 20, 60), plain[i].slice(0, 20, 60)));
  }
}

TEST(RefinedRows, rows_that_are_scored_again_stand_in_their_true_order) {
  const auto rows = at::randn({400, 24}), queries = at::randn({6, 24});
  for (const auto* codes : {"int8:rescore=50", "binary:rescore=400"}) {
    const RefinedRows coded(Distance::euclidean, rows, read_refinements({0, 0, codes, {}}));
    const auto order = order_of(coded.scores(queries));
    EXPECT_TRUE(at::equal(order.slice(1, 0, 10), nearest(Distance::euclidean, queries, rows).slice(1, 0, 10)))
        << codes;
  }
  const RefinedRows binary(Distance::cosine, rows, read_refinements({0, 0, "binary:rescore=0", {}}));
  EXPECT_FALSE(at::equal(order_of(binary.scores(queries)), nearest(Distance::cosine, queries, rows)));
  EXPECT_EQ(binary.bytes_per_row(), 3);
}

TEST(RefinedRows, are_cut_and_whitened_as_queries_are) {
  const auto rows = l2_normalized(at::randn({80, 12})), queries = l2_normalized(at::randn({4, 12}));
  const auto cut = read_refinements({5, 0, "", {}});
  const auto transform = learn_row_transform(cut, {}, true);
  EXPECT_TRUE(at::allclose(transform.apply(rows), l2_normalized(rows.slice(1, 0, 5))));
  EXPECT_TRUE(at::equal(order_of(RefinedRows(Distance::euclidean, rows, cut, transform).scores(queries)),
                        nearest(Distance::euclidean, l2_normalized(queries.slice(1, 0, 5)),
                                l2_normalized(rows.slice(1, 0, 5)))));
  const auto both = read_refinements({8, 4, "", {}});
  const auto whitened = learn_row_transform(both, rows, true);
  const RefinedRows refined(Distance::cosine, rows, both, whitened);
  EXPECT_EQ(refined.bytes_per_row(), 16);
  const auto direct = PcaWhitening::learn(l2_normalized(rows.slice(1, 0, 8)), 4);
  EXPECT_TRUE(at::equal(order_of(refined.scores(queries)),
                        nearest(Distance::cosine, direct.apply(l2_normalized(queries.slice(1, 0, 8))),
                                direct.apply(l2_normalized(rows.slice(1, 0, 8))))));
  EXPECT_THROW(learn_row_transform(read_refinements({13, 0, "", {}}), {}, true).apply(rows), Error);
}

TEST(RefinedRows, what_does_not_go_with_the_distance_is_refused) {
  EXPECT_THROW(RefinedRows(Distance::euclidean, at::randn({5, 3}) * 9, asked("alpha_qe")), Error);
  EXPECT_NO_THROW(RefinedRows(Distance::euclidean, l2_normalized(at::randn({5, 3})), asked("alpha_qe")));
  EXPECT_THROW(RefinedRows(Distance::dot, at::randn({5, 3}), asked("k_reciprocal")), Error);
  EXPECT_THROW(RefinedRows(Distance::euclidean, at::full({5, 3}, 1e30F), {}), Error);
}

TEST(RefinedRows, equal_rows_are_ordered_by_number) {
  for (const auto* text : {"alpha_qe", "k_reciprocal"}) {
    const auto found =
        RefinedRows(Distance::cosine, at::ones({7, 3}), asked(text)).search(at::ones({1, 3}), 7);
    EXPECT_TRUE(at::equal(found.rows[0], at::arange(7))) << text;
  }
}

}  // namespace
}  // namespace kindred::host
