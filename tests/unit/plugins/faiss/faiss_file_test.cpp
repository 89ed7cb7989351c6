#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "clustered_rows.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::AllOf;
using testing::clustered_rows;
using testing::faiss_index;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::thrown;

constexpr int64_t kSavedRows = 300, kSavedDimension = 16, kFound = 5;

/// Every type of file that is read.
const char* const kFactories[] = {
    "Flat",         "SQ4",           "SQ6",        "SQ8",        "SQfp16",           "PQ8x4",
    "PQ8x4fs",      "HNSW8",         "HNSW8_SQ8",  "HNSW8_PQ4",  "IVF16,Flat",       "IVF16,SQ8",
    "IVF16,PQ8x4",  "IVF16,PQ8x4fs", "OPQ4,PQ4x4", "PCA8,HNSW8", "IVF16_HNSW8,Flat", "RR16,IVF16,SQfp16",
    "L2norm,HNSW16"};

/// An index over the rows, and what it saved.
struct Saved {
  TemporaryFolder folder{"faiss"};
  std::string file = folder / "index.faiss", bytes;
  testing::ClusteredRows data;
  at::Tensor found;
  explicit Saved(const std::string& factory, Distance distance = Distance::euclidean)
      : data(clustered_rows(kSavedRows, kSavedDimension, distance)) {
    data.queries = data.queries.slice(0, 0, 4).contiguous();
    const auto index = faiss_index({{"factory", factory}});
    index->build(data.rows, distance);
    index->save(folder.path().string());
    found = index->search(data.queries, {kFound}).rows;
    bytes = read_file(file);
  }
  std::shared_ptr<Index> load(Distance distance = Distance::euclidean) const {
    const auto index = faiss_index();
    index->load(folder.path().string(), data.rows, distance);
    return index;
  }
  void put(const std::string& other) const { std::ofstream(file, std::ios::binary) << other; }
};

TEST(FaissFile, what_was_saved_finds_the_same) {
  for (const auto* factory : kFactories) {
    // HNSW over PQ of FAISS 1.7.3 knows Euclidean distances alone.
    const Distance distance = std::strstr(factory, "_PQ") != nullptr ? Distance::euclidean : Distance::cosine;
    const Saved saved(factory, distance);
    const auto index = saved.load(distance);
    EXPECT_TRUE(at::equal(index->search(saved.data.queries, {kFound}).rows, saved.found)) << factory;
    EXPECT_EQ(index->memory_bytes(), static_cast<int64_t>(saved.bytes.size())) << factory;
  }
}

TEST(FaissFile, other_rows_or_another_distance_are_refused) {
  const Saved saved("HNSW8");
  EXPECT_THAT(thrown([&] { saved.load(Distance::cosine); }),
              AllOf(HasSubstr(saved.file), HasSubstr("was built for Euclidean distances")));
  const auto more = clustered_rows(kSavedRows + 1, kSavedDimension, Distance::euclidean);
  EXPECT_THAT(
      thrown([&] { faiss_index()->load(saved.folder.path().string(), more.rows, Distance::euclidean); }),
      HasSubstr("has 300 rows where 301 should be"));
  const auto longer = clustered_rows(kSavedRows, kSavedDimension * 2, Distance::euclidean);
  EXPECT_THAT(
      thrown([&] { faiss_index()->load(saved.folder.path().string(), longer.rows, Distance::euclidean); }),
      HasSubstr("has rows of 16 numbers where 32 should be"));
}

void expect_refusals_of_parts(const Saved& saved, const char* factory) {
  for (const auto part : {size_t{0}, size_t{3}, saved.bytes.size() / 2, saved.bytes.size() - 1}) {
    saved.put(saved.bytes.substr(0, part));
    EXPECT_THAT(thrown([&] { saved.load(); }), HasSubstr(saved.file)) << factory << " " << part;
  }
  saved.put(saved.bytes + "x");
  EXPECT_THAT(thrown([&] { saved.load(); }), HasSubstr("1 bytes behind its end")) << factory;
  std::filesystem::remove(saved.file);
  EXPECT_THAT(thrown([&] { saved.load(); }), HasSubstr(saved.file + " cannot be opened")) << factory;
}

/// A changed number is another number; a changed length, link or row number would lead FAISS elsewhere.
void expect_harmless_changes(const Saved& saved, const char* factory) {
  int64_t refused = 0;
  for (size_t place = 0; place < saved.bytes.size();
       place += place < 200 ? 1 : 1 + saved.bytes.size() / 200) {
    for (const char bits : {'\x80', '\x01', '\xFF'}) {
      auto changed = saved.bytes;
      changed[place] = static_cast<char>(changed[place] ^ bits);
      saved.put(changed);
      try {
        const auto found = saved.load()->search(saved.data.queries, {kFound});
        EXPECT_TRUE(found.rows.lt(kSavedRows).all().item<bool>()) << factory << " " << place;
        EXPECT_FALSE(found.distances.isnan().any().item<bool>()) << factory << " " << place;
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 50) << factory;
}

TEST(FaissFile, damaged_files_are_refused_or_harmless) {
  for (const auto* factory : kFactories) {
    const Saved saved(factory);
    expect_refusals_of_parts(saved, factory);
    expect_harmless_changes(saved, factory);
  }
}

TEST(FaissFile, links_of_a_graph_must_lead_to_rows_of_their_layer) {
  const Saved saved("HNSW8");
  // The links stand before five numbers and the rows: name, header, length and numbers.
  const size_t rows_bytes = 4 + 33 + 8 + kSavedRows * kSavedDimension * 4,
               last_link = saved.bytes.size() - rows_bytes - 24;
  for (const int32_t link : {static_cast<int32_t>(kSavedRows), -2, std::numeric_limits<int32_t>::max()}) {
    auto changed = saved.bytes;
    std::memcpy(&changed[last_link], &link, sizeof link);
    saved.put(changed);
    EXPECT_THAT(thrown([&] { saved.load(); }), HasSubstr("which that layer has not")) << link;
  }
}

TEST(FaissFile, types_that_are_not_searched_here_are_refused_by_name) {
  const Saved saved("Flat");
  for (const auto* name : {"IxHe", "IxMp", "IRMf", "INSf", "ilod"}) {
    saved.put(name + saved.bytes.substr(4));
    EXPECT_THAT(thrown([&] { saved.load(); }), HasSubstr("the type \"" + std::string(name) + "\"")) << name;
  }
  // The scalar quantizer of bfloat16 is read by FAISS 1.7.3 and ends the process when it is searched.
  const Saved scalar("SQfp16");
  auto changed = scalar.bytes;
  const size_t type_at = 4 + 33;
  ASSERT_EQ(changed[type_at], 4);
  changed[type_at] = 7;
  scalar.put(changed);
  EXPECT_THAT(thrown([&] { scalar.load(); }), HasSubstr("has the scalar quantizer 7"));
}

}  // namespace
}  // namespace kindred
