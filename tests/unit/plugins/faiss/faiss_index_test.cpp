#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "clustered_rows.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::AllOf;
using testing::clustered_rows;
using testing::faiss_index;
using ::testing::HasSubstr;
using testing::share_found;
using testing::thrown;

constexpr int64_t kRows = 3000, kDimension = 16, kNearest = 10;

TEST(Faiss, hnsw_finds_the_nearest_by_every_distance_that_it_takes) {
  for (const auto* name : {"cosine", "dot", "euclidean", "squared_euclidean"}) {
    const auto distance = distance_from_name(name);
    for (const auto dtype : {at::kHalf, at::kFloat}) {
      const auto data = clustered_rows(kRows, kDimension, distance, dtype);
      const auto index = faiss_index();
      index->build(data.rows, distance);
      const auto found = index->search(data.queries, {kNearest});
      const auto exact = exact_search(*data.rows, distance, data.queries, {kNearest});
      EXPECT_GE(share_found(found.rows, exact.rows), name == std::string("dot") ? 0.8 : 0.97) << name;
      const auto same = found.rows.eq(exact.rows);
      EXPECT_TRUE(
          at::allclose(found.distances.masked_select(same), exact.distances.masked_select(same), 1e-3, 1e-3))
          << name;
    }
  }
}

// Where FAISS has no instruction set, the plugin compares the rows of a graph and goes through it by itself.
TEST(Faiss, a_graph_that_is_looked_through_wide_finds_all_that_exact_search_finds_whatever_the_dimension) {
  for (const int64_t dimension : {1, 7, 32, 45, 100}) {
    for (const auto* name : {"cosine", "squared_euclidean"}) {
      const auto distance = distance_from_name(name);
      if (dimension == 1 && distance.kind == Distance::cosine) continue;  // all rows are equal, or opposite
      const auto data = clustered_rows(500, dimension, distance, at::kFloat);
      const auto index = faiss_index({{"factory", "HNSW16"}, {"ef_construction", 200}, {"ef_search", 500}});
      index->build(data.rows, distance);
      const auto found = index->search(data.queries, {kNearest});
      const auto rows = data.rows->rows(0, 500).to(at::kDouble), queries = data.queries.to(at::kDouble);
      const auto all =
          distance.kind == Distance::cosine ? 1 - queries.mm(rows.t()) : at::cdist(queries, rows).square();
      const auto nearest = std::get<0>(all.topk(kNearest, 1, false));
      EXPECT_LT((found.distances - nearest).abs().max().item<double>(), 1e-4) << name << " " << dimension;
      EXPECT_LT((all.gather(1, found.rows) - nearest).abs().max().item<double>(), 1e-5)
          << name << " " << dimension;
    }
  }
}

TEST(Faiss, the_thousandth_search_finds_what_the_first_one_found) {
  const auto data = clustered_rows(kRows, kDimension, Distance::cosine);
  const auto index = faiss_index();
  index->build(data.rows, Distance::cosine);
  const auto query = data.queries.slice(0, 0, 1).contiguous();
  const auto first = index->search(query, {kNearest}).rows;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(at::equal(index->search(query, {kNearest}).rows, first)) << i;
}

TEST(Faiss, other_distances_are_refused_by_name) {
  for (const auto* name : {"manhattan", "snr"}) {
    const auto data = clustered_rows(100, 8, Distance::euclidean);
    EXPECT_THAT(thrown([&] { faiss_index()->build(data.rows, distance_from_name(name)); }),
                HasSubstr("by the distance " + std::string(name)));
  }
}

TEST(Faiss, few_candidates_among_many_rows_are_found_all) {
  const auto data = clustered_rows(kRows, kDimension, Distance::cosine);
  for (const auto* factory : {"HNSW32", "IVF64,Flat", "IVF32,PQ16x4", "SQ8"}) {
    const auto index = faiss_index({{"factory", factory}, {"nprobe", 4}});
    index->build(data.rows, Distance::cosine);
    for (const int64_t every : {int64_t{2}, int64_t{100}, kRows}) {
      const auto candidates = at::arange(kRows, at::kLong).remainder(every).eq(0);
      const auto found = index->search(data.queries, {kNearest, candidates});
      const auto exact = exact_search(*data.rows, Distance::cosine, data.queries, {kNearest, candidates});
      EXPECT_TRUE(at::equal(found.rows.ge(0), exact.rows.ge(0))) << factory << " " << every;
      const auto there = found.rows.masked_select(found.rows.ge(0));
      EXPECT_TRUE(candidates.index_select(0, there).all().item<bool>()) << factory << " " << every;
      if (every >= 100) {
        EXPECT_TRUE(at::equal(found.rows, exact.rows)) << factory << " " << every;
      }
      EXPECT_GE(share_found(found.rows, exact.rows), 0.4) << factory << " " << every;
    }
  }
}

/// Candidates that lie far from the queries are not among the nearest rows, however many of those are looked
/// at.
TEST(Faiss, candidates_that_are_far_away_are_found_all_the_same) {
  auto data = clustered_rows(kRows, kDimension, Distance::euclidean, at::kFloat);
  const auto rows = data.rows->rows(0, kRows).clone();
  rows.slice(0, 0, kRows / 2) += 100;
  data.rows = std::make_shared<TensorRows>(rows);
  const auto index = faiss_index();
  index->build(data.rows, Distance::euclidean);
  const auto candidates = at::arange(kRows, at::kLong).lt(kRows / 2);
  const auto found = index->search(data.queries, {kNearest, candidates});
  const auto exact = exact_search(*data.rows, Distance::euclidean, data.queries, {kNearest, candidates});
  EXPECT_TRUE(at::equal(found.rows, exact.rows));
}

TEST(Faiss, more_neighbours_than_rows_are_rows_that_are_not_there) {
  const auto data = clustered_rows(7, 8, Distance::cosine);
  const auto index = faiss_index();
  index->build(data.rows, Distance::cosine);
  const auto found = index->search(data.queries, {kNearest});
  EXPECT_TRUE(found.rows.slice(1, 0, 7).ge(0).all().item<bool>());
  EXPECT_TRUE(found.rows.slice(1, 7).eq(-1).all().item<bool>());
  EXPECT_TRUE(found.distances.slice(1, 7).isinf().all().item<bool>());
}

TEST(Faiss, an_index_that_learns_says_how_many_rows_it_needs) {
  const auto data = clustered_rows(60, 16, Distance::cosine);
  EXPECT_THAT(thrown([&] {
                faiss_index({{"factory", "IVF64,Flat"}})->build(data.rows, Distance::cosine);
              }),
              HasSubstr("learns from at least 64 rows, and there are 60"));
  EXPECT_THAT(thrown([&] {
                faiss_index({{"factory", "PQ8"}})->build(data.rows, Distance::cosine);
              }),
              HasSubstr("learns from at least 256 rows"));
}

TEST(Faiss, a_factory_that_is_none_or_is_not_searched_here_is_refused) {
  const auto data = clustered_rows(300, 16, Distance::cosine);
  const auto said = [&](const char* factory) {
    return thrown([&] { faiss_index({{"factory", factory}})->build(data.rows, Distance::cosine); });
  };
  EXPECT_THAT(said("HSNW32"),
              AllOf(HasSubstr("factory \"HSNW32\" is none"), HasSubstr("such as \"HNSW32\"")));
  for (const auto* factory : {"IDMap,Flat", "NSG32", "HNSW32,RFlat"})
    EXPECT_THAT(said(factory), HasSubstr("a type of FAISS that is not searched here")) << factory;
}

TEST(Faiss, threads_find_what_one_finds) {
  const auto data = clustered_rows(kRows, kDimension, Distance::cosine);
  const auto index = faiss_index();
  index->build(data.rows, Distance::cosine);
  const auto expected = index->search(data.queries, {kNearest}).rows;
  std::vector<std::thread> threads;
  std::vector<int> same(2);
  for (size_t t = 0; t < same.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < data.queries.size(0); ++i) {
        const auto one = index->search(data.queries.slice(0, i, i + 1).contiguous(), {kNearest}).rows;
        same[t] += at::equal(one, expected.slice(0, i, i + 1));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(same, ::testing::Each(static_cast<int>(data.queries.size(0))));
}

TEST(Faiss, more_in_view_finds_more) {
  const auto data = clustered_rows(kRows, kDimension, Distance::euclidean);
  const auto exact = exact_search(*data.rows, Distance::euclidean, data.queries, {kNearest}).rows;
  const auto share = [&](const nlohmann::json& params) {
    const auto index = faiss_index(params);
    index->build(data.rows, Distance::euclidean);
    return share_found(index->search(data.queries, {kNearest}).rows, exact);
  };
  EXPECT_GT(share({{"factory", "HNSW4"}, {"ef_search", 200}}),
            share({{"factory", "HNSW4"}, {"ef_search", 10}}));
  EXPECT_GT(share({{"factory", "IVF64,Flat"}, {"nprobe", 32}}),
            share({{"factory", "IVF64,Flat"}, {"nprobe", 1}}));
}

}  // namespace
}  // namespace kindred
