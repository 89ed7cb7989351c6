#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/base/context.hpp"
#include "host/index/live_index.hpp"
#include "host/index/merge_indexes.hpp"
#include "host/index/verify_index.hpp"
#include "host/refinement/refined_rows.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::thrown;

constexpr int64_t kRows = 500, kNumbers = 24, kCut = 16, kWhiten = 8;

/// Rows whose numbers vary together and by very different amounts.
at::Tensor made_embeddings(int64_t count, int64_t seed) {
  at::manual_seed(7);
  const auto mixing = at::randn({kNumbers, kNumbers}) / at::arange(1, kNumbers + 1).unsqueeze(1);
  at::manual_seed(static_cast<uint64_t>(seed));
  return at::mm(at::randn({count, kNumbers}), mixing) + 0.3;
}

IndexSpace whitened_space(at::ScalarType type = at::kFloat) {
  auto space = testing::small_space(Distance::cosine, type);
  space.model_dimension = kNumbers;
  space.dimension = kWhiten;
  space.change = {kCut, true, kWhiten};
  return space;
}

class WhitenedIndex : public ::testing::Test {
 protected:
  static IndexWriter filled(const std::string& path, const at::Tensor& embeddings,
                            const IndexSpace& space = whitened_space()) {
    auto writer = IndexWriter::create(path, space, "test");
    const auto count = embeddings.size(0);
    for (int64_t begin = 0; begin < count; begin += 100) {
      const auto part = embeddings.slice(0, begin, std::min(begin + 100, count));
      writer.add(items(begin, part.size(0)), part, Existing::refuse);
    }
    return writer;
  }
  static std::vector<Item> items(int64_t first, int64_t count) {
    std::vector<Item> out;
    for (int64_t i = first; i < first + count; ++i) out.push_back(testing::made_item(std::to_string(i)));
    return out;
  }
  static void whiten(IndexWriter& writer) {
    int64_t learned_from = 0;
    const auto whitening =
        learn_whitening(*writer.rows(), writer.live_rows(), writer.space().change.whiten, learned_from);
    writer.whiten(whitening, learned_from);
  }
  static LiveIndex opened(const std::string& path) {
    return LiveIndex(IndexFolder::open(path), testing::make_file_index);
  }
  /// What `host evaluate --cut 16 --whiten 8` compares.
  static RefinedRows refined(const at::Tensor& embeddings) {
    Refinements refinements;
    refinements.cut = kCut;
    refinements.whiten = kWhiten;
    return {Distance::cosine, embeddings, refinements, learn_row_transform(refinements, embeddings, true)};
  }
  void damage(const std::string& file) const {
    std::fstream bytes(path_ + "/" + file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(-2, std::ios::end);
    bytes.put('\x55');
  }

  testing::TemporaryFolder folder_{"whitened_index"};
  const std::string path_ = folder_ / "index";
};

TEST_F(WhitenedIndex, finds_what_evaluate_finds_with_the_same_refinements) {
  const auto embeddings = made_embeddings(kRows, 1), queries = made_embeddings(40, 2);
  auto writer = filled(path_, embeddings);
  whiten(writer);
  const auto index = opened(path_);
  const auto expected = refined(embeddings).search(queries, 10);
  const auto found = index.search(index.folder().as_rows(queries), 10);
  EXPECT_TRUE(at::equal(found.rows, expected.rows));
  EXPECT_TRUE(at::allclose(found.distances, expected.distances, 0, 1e-5));
  EXPECT_THAT(verify_index(path_).problems, IsEmpty());
}

TEST_F(WhitenedIndex, is_close_to_that_with_rows_of_float16) {
  const auto embeddings = made_embeddings(kRows, 1), queries = made_embeddings(40, 2);
  auto writer = filled(path_, embeddings, whitened_space(at::kHalf));
  whiten(writer);
  EXPECT_EQ(writer.rows()->dtype(), at::kHalf);
  const auto index = opened(path_);
  const auto found = index.search(index.folder().as_rows(queries), 10);
  EXPECT_TRUE(at::allclose(found.distances, refined(embeddings).search(queries, 10).distances, 0, 2e-3));
}

TEST_F(WhitenedIndex, only_cut_has_rows_of_length_1_where_the_model_has) {
  auto space = testing::small_space(Distance::euclidean, at::kFloat);
  space.model_dimension = 6;
  space.dimension = 4;
  for (const bool unit : {false, true}) {
    fs::remove_all(path_);
    space.change = {4, unit, 0};
    auto writer = IndexWriter::create(path_, space, "test");
    testing::add_items(writer, {"a", "b"});
    const auto cut = testing::made_row("b", 0).slice(1, 0, 4);
    EXPECT_TRUE(at::equal(writer.rows()->rows(1, 2), unit ? l2_normalized(cut) : cut));
    EXPECT_TRUE(
        at::equal(IndexFolder::open(path_)->as_rows(testing::made_row("b", 0)), writer.rows()->rows(1, 2)));
  }
}

TEST_F(WhitenedIndex, waits_for_its_whitening_and_can_be_searched_meanwhile) {
  const auto embeddings = made_embeddings(kRows, 1);
  { filled(path_, embeddings); }
  const auto index = opened(path_);
  EXPECT_EQ(index.folder().space().dimension, kCut);
  EXPECT_EQ(index.folder().space().precision, at::kFloat);
  const auto found = index.search(index.folder().as_rows(embeddings.slice(0, 3, 4)), 1);
  EXPECT_EQ(found.rows.item<int64_t>(), 3);
  EXPECT_THAT(verify_index(path_).problems, IsEmpty());
  EXPECT_THAT(thrown([&] { check_is_whitened(path_, index.folder().space(), index.folder().state()); }),
              AllOf(HasSubstr(path_), HasSubstr("did not end")));

  IndexWriter writer(path_, "test");
  EXPECT_TRUE(writer.waits_for_whitening());
  EXPECT_EQ(writer.bytes_per_row(), 4 * (kCut + kWhiten));
  whiten(writer);
  EXPECT_FALSE(writer.waits_for_whitening());
  EXPECT_THAT(thrown([&] { index.folder().items({0}); }), HasSubstr("open it again"));
  EXPECT_EQ(opened(path_).folder().space().dimension, kWhiten);
  EXPECT_THAT(thrown([&] { whiten(writer); }), HasSubstr("waits for a whitening"));
}

TEST_F(WhitenedIndex, whitens_what_comes_later_by_what_it_learned_and_keeps_it_when_compacted) {
  const auto embeddings = made_embeddings(kRows, 1), later = made_embeddings(30, 5);
  auto writer = filled(path_, embeddings);
  writer.remove({"17"});
  whiten(writer);
  EXPECT_EQ(writer.state().whitening.rows, kRows - 1) << "what is removed teaches nothing";
  writer.add(items(kRows, 30), later, Existing::refuse);
  const auto transform = IndexFolder::open(path_)->transform();
  EXPECT_TRUE(at::allclose(writer.rows()->rows(kRows, kRows + 30), transform.apply(later), 0, 1e-6));
  EXPECT_EQ(writer.compact(testing::file_component(), testing::make_file_index), 1);
  EXPECT_TRUE(at::allclose(writer.rows()->rows(kRows - 1, kRows + 29), transform.apply(later), 0, 1e-6));
  EXPECT_TRUE(at::equal(IndexFolder::open(path_)->transform().apply(later), transform.apply(later)));
  EXPECT_THAT(verify_index(path_).problems, IsEmpty());
}

TEST_F(WhitenedIndex, says_which_file_of_its_whitening_is_damaged) {
  auto writer = filled(path_, made_embeddings(kRows, 1));
  whiten(writer);
  const auto folder = writer.state().whitening.folder;
  damage(folder + "/whitening_mean.npy");
  EXPECT_THAT(verify_index(path_).problems,
              ElementsAre(AllOf(HasSubstr("whitening_mean.npy is damaged"), HasSubstr("from a copy"))));
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }), HasSubstr("whitening_mean.npy is damaged"));
  fs::remove_all(path_ + "/" + folder);
  EXPECT_THAT(verify_index(path_).problems,
              ElementsAre(HasSubstr("whitening_mean.npy"), HasSubstr("whitening_projection.npy")));
}

TEST_F(WhitenedIndex, refuses_rows_and_numbers_that_do_not_fit) {
  auto writer = filled(path_, made_embeddings(kRows, 1));
  EXPECT_THAT(thrown([&] {
                writer.add(items(900, 1), at::ones({1, kCut}), Existing::refuse);
              }),
              AllOf(HasSubstr("16 numbers each"), HasSubstr("have 24")));
  EXPECT_THAT(thrown([&] {
                IndexFolder::open(path_)->as_rows(at::ones({1, kWhiten}));
              }),
              HasSubstr("have 24"));
  const auto few = folder_ / "few";
  auto too_few = filled(few, made_embeddings(kWhiten, 1));
  EXPECT_THAT(thrown([&] { whiten(too_few); }), HasSubstr("the 8 rows vary in 7"));
  EXPECT_THAT(verify_index(few).problems, IsEmpty()) << "and it still waits for more";
  auto manifest = read_file(path_ + "/manifest.json");
  manifest.replace(manifest.find("\"cut\": 16"), 9, "\"cut\": 99");
  write_file_atomically(path_ + "/manifest.json", manifest);
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }),
              AllOf(HasSubstr("24 numbers, cut to 99"), HasSubstr("do not fit")));
}

TEST_F(WhitenedIndex, is_joined_with_one_of_the_same_whitening_alone) {
  auto writer = filled(path_, made_embeddings(kRows, 1));
  const auto waiting = IndexFolder::open(path_);
  whiten(writer);
  const auto one = IndexFolder::open(path_);
  EXPECT_THAT(thrown([&] { check_can_join(*one, *waiting); }), HasSubstr("did not end"));

  auto second = filled(folder_ / "second", made_embeddings(kRows, 2));
  whiten(second);
  EXPECT_THAT(thrown([&] { check_can_join(*one, *IndexFolder::open(folder_ / "second")); }),
              AllOf(HasSubstr(path_), HasSubstr("of its own rows")));
  auto plain_space = testing::small_space();
  plain_space.dimension = kNumbers;
  IndexWriter::create(folder_ / "plain", plain_space, "test");
  EXPECT_THAT(
      thrown([&] { check_can_join(*one, *IndexFolder::open(folder_ / "plain")); }),
      AllOf(HasSubstr("the first 16 of 24 numbers, whitened to 8"), HasSubstr("as the model gives them")));

  auto copy = IndexWriter::create(folder_ / "copy", one->space(), "test");
  copy.whiten(*one->transform().whitening, one->state().whitening.rows);
  Context context;
  copy_items(path_, copy, context);
  check_can_join(*one, *IndexFolder::open(folder_ / "copy"));
  EXPECT_TRUE(at::equal(copy.rows()->rows(0, kRows), writer.rows()->rows(0, kRows)));
  EXPECT_EQ(IndexFolder::open(folder_ / "copy")->info()["embedding"]["whitened_by_rows"], kRows);
}

TEST_F(WhitenedIndex, of_a_stranger_reads_no_whitening_outside_its_folder) {
  {
    auto writer = filled(path_, made_embeddings(kRows, 1));
    whiten(writer);
  }
  Database(path_ + "/metadata.sqlite", Database::Use::write)
      .run("UPDATE facts SET value = replace(value, 'whitening-', '../whitening-') WHERE name = 'whitening'");
  EXPECT_THAT(thrown([&] { IndexFolder::open(path_); }), HasSubstr("refused"));
}

}  // namespace
}  // namespace kindred::host
