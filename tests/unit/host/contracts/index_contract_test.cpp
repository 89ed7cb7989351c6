#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "broken_contracts.hpp"
#include "host/contracts/contracts.hpp"
#include "kindred/error.hpp"
#include "kindred/index.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

constexpr float kNone = std::numeric_limits<float>::infinity();

struct ThreeRows final : StoredRows {
  int64_t size() const override { return 3; }
  int64_t dimension() const override { return 2; }
  at::Tensor rows(int64_t begin, int64_t end) const override { return at::zeros({end - begin, 2}); }
};

/// Finds whatever it is told.
struct AnyIndex final : Index {
  bool is_exact() const override { return true; }
  void build(std::shared_ptr<const StoredRows>, Distance) override {
    if (too_few) throw Error("it needs 39 rows");
    if (fails) throw std::runtime_error("no memory");
  }
  void save(const std::string&) const override {}
  void load(const std::string&, std::shared_ptr<const StoredRows>, Distance) override {}
  Neighbours search(const at::Tensor&, const IndexSearch&) const override { return found; }
  int64_t memory_bytes() const override { return -1; }
  Neighbours found = {at::tensor({2, 0, -1}, at::kLong).view({1, 3}),
                      at::tensor({0.1F, 0.2F, kNone}, at::kFloat).view({1, 3})};
  bool too_few = false, fails = false;
};

std::string said(const std::function<void(AnyIndex&)>& change, const at::Tensor& candidates = {}) {
  return broken([&] {
    auto inner = std::make_shared<AnyIndex>();
    change(*inner);
    const auto index = under_contract(std::static_pointer_cast<Index>(inner), info("acme.index"));
    index->build(std::make_shared<ThreeRows>(), Distance::euclidean);
    index->search(at::zeros({1, 2}), {3, candidates});
  });
}

std::string said_of(const std::vector<int64_t>& rows, const std::vector<float>& distances,
                    const at::Tensor& candidates = {}) {
  return said(
      [&](AnyIndex& index) {
        index.found = {at::tensor(rows, at::kLong).view({1, -1}),
                       at::tensor(distances, at::kFloat).view({1, -1})};
      },
      candidates);
}

TEST(IndexContract, what_an_index_finds_is_rows_at_rising_distances) {
  EXPECT_EQ(said([](AnyIndex&) {}), "");
  EXPECT_EQ(said_of({2, 0, 1}, {0, 0.5, 0.5}), "");
  EXPECT_THAT(said_of({0, 3, -1}, {0, 1, kNone}),
              HasSubstr("component acme.index, phase search: gave row 3 of 3 rows (0 to 2) for query 0"));
  EXPECT_THAT(said_of({0, -2, -1}, {0, 1, kNone}), HasSubstr("gave row -2"));
  EXPECT_THAT(said_of({0, -1, 1}, {0, kNone, kNone}), HasSubstr("gave row -1 before a row"));
  EXPECT_THAT(said_of({1, 0, 1}, {0, 1, 2}), HasSubstr("found a row twice for query 0"));
  EXPECT_THAT(said_of({1, 0, 2}, {0, 2, 1}), HasSubstr("did not give the nearest row first"));
  EXPECT_THAT(said_of({1, 0, 2}, {0, 0, 1}), HasSubstr("did not order rows at equal distances"));
  EXPECT_THAT(said_of({1, 0, -1}, {0, 1, 2}), HasSubstr("a finite one to row -1"));
  EXPECT_THAT(said_of({1, 0, 2}, {0, 1, NAN}), HasSubstr("gave a distance that is not finite"));
  EXPECT_THAT(said_of({1, 0}, {0, 1}), HasSubstr("returned int64 (1, 2) on cpu as rows"));
}

TEST(IndexContract, only_candidates_are_found) {
  const auto candidates = at::tensor({1, 0, 1}, at::kInt).to(at::kBool);
  EXPECT_EQ(said([](AnyIndex&) {}, candidates), "");
  EXPECT_THAT(said_of({2, 1, -1}, {0, 1, kNone}, candidates),
              HasSubstr("found a row that is no candidate for query 0"));
}

TEST(IndexContract, too_few_rows_are_no_fault_of_the_plugin_and_other_failures_are) {
  try {
    said([](AnyIndex& index) { index.too_few = true; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "it needs 39 rows");
  }
  EXPECT_THAT(said([](AnyIndex& index) { index.fails = true; }),
              HasSubstr("component acme.index, phase build: no memory"));
}

TEST(IndexContract, memory_is_not_negative) {
  EXPECT_THAT(broken([] {
                under_contract(std::shared_ptr<Index>(std::make_shared<AnyIndex>()), info("acme.index"))
                    ->memory_bytes();
              }),
              HasSubstr("phase memory_bytes: is -1"));
}

}  // namespace
}  // namespace kindred::host
