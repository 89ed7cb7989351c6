#include "host/index/live_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "kindred/exact_search.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using testing::add_items;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::small_space;
using testing::thrown;

/// Finds every second of the nearest rows, at distances that are made up.
class HalfIndex final : public Index {
 public:
  explicit HalfIndex(bool all = false) : all_(all) {}
  bool is_exact() const override { return all_; }
  void build(std::shared_ptr<const StoredRows> rows, Distance distance) override {
    rows_ = std::move(rows);
    distance_ = distance;
  }
  void save(const std::string&) const override {}
  void load(const std::string&, std::shared_ptr<const StoredRows> rows, Distance distance) override {
    build(std::move(rows), distance);
  }
  Neighbours search(const at::Tensor& queries, const IndexSearch& request) const override {
    auto wide = request;
    if (!all_) wide.k *= 2;
    auto found = exact_search(*rows_, distance_, queries, wide);
    if (!all_)
      found = {found.rows.slice(1, 0, {}, 2).contiguous(), found.distances.slice(1, 0, {}, 2) * 3 + 1};
    return found;
  }
  int64_t memory_bytes() const override { return 7; }

 private:
  bool all_;
  std::shared_ptr<const StoredRows> rows_;
  Distance distance_ = Distance::cosine;
};

std::shared_ptr<Index> make_half(const IndexComponent& what) {
  return std::make_shared<HalfIndex>(what.id == "test.all");
}

IndexComponent component(const std::string& id, int64_t oversample = 1) {
  IndexComponent what;
  what.id = id;
  what.oversample = oversample;
  return what;
}

class LiveIndexTest : public ::testing::Test {
 protected:
  /// 300 rows, of which a component covers the first 200, and 30 are removed.
  void fill(const IndexSpace& space, const IndexComponent& what) {
    auto writer = IndexWriter::create(path_, space, "test");
    std::vector<std::string> ids, removed;
    for (int i = 0; i < 300; ++i) {
      ids.push_back(std::to_string(i));
      if (i == 199) {
        add_items(writer, ids);
        writer.build_component(what, make_half);
        ids.clear();
      }
      if (i % 10 == 3) removed.push_back(std::to_string(i));
    }
    add_items(writer, ids);
    writer.remove(removed);
  }
  LiveIndex opened() const { return {IndexFolder::open(path_), make_half}; }

  static at::Tensor queries() {
    std::vector<at::Tensor> rows;
    for (int i = 0; i < 8; ++i) rows.push_back(testing::made_row("query " + std::to_string(i), 1) * (1 + i));
    return at::cat(rows);
  }

  /// By float64, from the rows as they are stored.
  static Neighbours brute_force(const LiveIndex& index, int64_t k, const at::Tensor& allowed) {
    const auto& folder = index.folder();
    const auto rows = folder.rows()->gather(at::arange(folder.size(), at::kLong)).to(at::kDouble);
    auto distances = distance_matrix(folder.space().distance, queries().to(at::kDouble), rows);
    distances = distances.masked_fill(allowed.logical_not(), std::numeric_limits<double>::infinity());
    const auto [sorted, order] = distances.sort(/*stable=*/true, 1, false);
    return {order.slice(1, 0, k), sorted.slice(1, 0, k)};
  }

  at::Tensor not_removed() const {
    auto mask = at::ones({300}, at::kBool);
    for (int64_t i = 3; i < 300; i += 10) mask.data_ptr<bool>()[i] = false;
    return mask;
  }

  testing::TemporaryFolder folder_{"live_index"};
  const std::string path_ = folder_ / "index";
};

TEST_F(LiveIndexTest, equals_brute_force_over_component_delta_and_removed_items) {
  for (const auto kind : {Distance::cosine, Distance::euclidean, Distance::dot, Distance::manhattan}) {
    for (const auto type : {at::kHalf, at::kFloat}) {
      for (const auto* id : {"", "test.all"}) {
        std::filesystem::remove_all(path_);
        fill(small_space(kind, type), component(id));
        const auto index = opened();
        const auto expected = brute_force(index, 12, not_removed());
        const auto found = index.search(queries(), 12);
        EXPECT_TRUE(at::equal(found.rows, expected.rows)) << distance_title(kind) << " " << id;
        EXPECT_TRUE(at::allclose(found.distances.to(at::kDouble), expected.distances, 1e-4, 1e-4));
        EXPECT_TRUE(at::equal(index.exact(queries(), 12).rows, expected.rows));
      }
    }
  }
}

TEST_F(LiveIndexTest, finds_candidates_alone_and_says_where_there_are_too_few) {
  fill(small_space(), component("test.all"));
  const auto index = opened();
  const auto chosen = index.folder().select("CAST(id AS INTEGER) BETWEEN 195 AND 206");
  EXPECT_EQ(chosen.sum().item<int64_t>(), 11) << "203 is removed";
  const auto found = index.search(queries(), 20, chosen);
  EXPECT_TRUE(at::equal(found.rows.slice(1, 0, 11), brute_force(index, 11, chosen).rows));
  EXPECT_TRUE(found.rows.slice(1, 11).eq(-1).all().item<bool>());
  EXPECT_TRUE(found.distances.slice(1, 11).isinf().all().item<bool>());
}

TEST_F(LiveIndexTest, orders_estimates_by_the_stored_rows) {
  fill(small_space(), component("test.half", 4));
  const auto index = opened();
  EXPECT_FALSE(index.is_exact());
  EXPECT_EQ(index.memory_bytes(), 7);
  const auto found = index.search(queries(), 6);
  const auto rows = index.folder().rows()->gather(found.rows.select(1, 0).contiguous());
  EXPECT_TRUE(
      at::allclose(found.distances.select(1, 0), paired_distance(Distance::cosine, queries(), rows), 0, 1e-3))
      << "distances of the rows, and not those that the component made up";
  EXPECT_TRUE((found.distances.slice(1, 1) >= found.distances.slice(1, 0, 5)).all().item<bool>());
}

TEST_F(LiveIndexTest, measures_recall_on_a_sample) {
  fill(small_space(), component("test.all"));
  EXPECT_EQ(sampled_recall(opened(), 10, 50).share, 1);
  EXPECT_EQ(sampled_recall(opened(), 10, 50).queries, 50);
  auto writer = IndexWriter(path_, "test");
  writer.build_component(component("test.half"), make_half);
  EXPECT_NEAR(sampled_recall(opened(), 10, 50).share, 0.5, 0.1);
  writer.build_component(component("test.all"), make_half);
  EXPECT_EQ(sampled_recall(opened(), 10, 50).share, 1);
}

TEST_F(LiveIndexTest, refuses_queries_that_do_not_fit) {
  fill(small_space(), component("test.all"));
  const auto index = opened();
  EXPECT_THAT(thrown([&] {
                index.search(at::ones({1, 5}), 3);
              }),
              AllOf(HasSubstr("5 numbers"), HasSubstr("6")));
  EXPECT_THAT(thrown([&] { index.search(at::full({1, 6}, std::nan("")), 3); }), HasSubstr("not finite"));
  EXPECT_THAT(thrown([&] { index.search(queries(), 0); }), HasSubstr("at least 1"));
  EXPECT_THAT(thrown([&] { index.search(queries(), 1, at::ones({5}, at::kBool)); }), HasSubstr("do not fit"));
}

TEST_F(LiveIndexTest, is_searched_by_two_threads_while_one_adds) {
  fill(small_space(), component("test.all"));
  auto writer = IndexWriter(path_, "test");
  const auto index = opened();
  const auto expected = index.search(queries(), 5);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) EXPECT_TRUE(at::equal(index.search(queries(), 5).rows, expected.rows));
    });
  }
  for (int i = 0; i < 15; ++i) add_items(writer, {"added " + std::to_string(i)});
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(opened().folder().size(), 315);
}

}  // namespace
}  // namespace kindred::host
