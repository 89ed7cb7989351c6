#include "host/cache/verify_entry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "made_up_cache.hpp"

namespace kindred::host {
namespace {
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MadeUpCache;

class VerifyEntry : public ::testing::Test {
 protected:
  EntryCheck check() const {
    const auto cache = read_cache_folder(made_.directory());
    EXPECT_EQ(cache.entries.size(), 1u);
    return verify_entry(cache.entries.at(0));
  }
  MadeUpCache made_;
};

TEST_F(VerifyEntry, finds_nothing_wrong_with_what_was_written) {
  made_.write_whole();
  EXPECT_THAT(check().problems, IsEmpty());
  EXPECT_TRUE(check().has_checksum);
  auto record =
      nlohmann::json::parse(read_file(made_.path(MadeUpCache::kWhole, MadeUpCache::record_file(1))));
  record["algorithm"] = "of a later version";
  made_.write(MadeUpCache::kWhole, MadeUpCache::record_file(1), record.dump());
  EXPECT_THAT(check().problems, IsEmpty());
  EXPECT_FALSE(check().has_checksum);
}

TEST_F(VerifyEntry, finds_a_flipped_bit_in_any_file_and_names_it) {
  for (const auto& file : {MadeUpCache::rows_file(0), MadeUpCache::rows_file(1), MadeUpCache::rows_file(2),
                           std::string("meta.json")}) {
    made_.write_whole();
    auto bytes = read_file(made_.path(MadeUpCache::kWhole, file));
    bytes[bytes.size() - 17] ^= 2;
    made_.write(MadeUpCache::kWhole, file, bytes);
    EXPECT_THAT(check().problems, Contains(HasSubstr(file + " is not what was written"))) << file;
    if (file != "meta.json") {
      EXPECT_EQ(check().problems.size(), 1u) << "the other shards are good";
    }
  }
}

/// Whatever bit of a record is another one: something is told.
TEST_F(VerifyEntry, finds_a_flipped_bit_anywhere_in_the_record_of_a_shard) {
  made_.write_whole();
  const auto good = read_file(made_.path(MadeUpCache::kWhole, MadeUpCache::record_file(1)));
  for (size_t i = 0; i + 1 < good.size(); ++i) {
    auto bytes = good;
    bytes[i] ^= 2;
    std::ofstream(made_.path(MadeUpCache::kWhole, MadeUpCache::record_file(1)), std::ios::binary) << bytes;
    const auto found = check();
    EXPECT_TRUE(!found.problems.empty() || !found.has_checksum) << i << ": " << bytes;
  }
}

TEST_F(VerifyEntry, says_what_is_missing_or_cannot_be_understood) {
  struct Damage {
    std::string file;
    const char *text, *expected;  // no text: the file is removed
  };
  const auto rows = MadeUpCache::rows_file(1), record = MadeUpCache::record_file(1);
  const auto short_rows = MadeUpCache::rows(1).substr(0, 150);
  const auto other_rows = MadeUpCache::header("<f4", "2, 6") + std::string(48, 'r');
  for (const auto& damage : std::vector<Damage>{
           {"meta.json", nullptr, "meta.json is missing"},
           {"meta.json", "{", "meta.json is not JSON"},
           {"meta.json", "[]", "is no description"},
           {"meta.json", R"({"samples": 10, "shards": {"count": 3, "rows": 0}})", "is no description"},
           {"meta.json", R"({"samples": 10, "shards": {"count": 3, "rows": 10}})", "describes 1 shards"},
           {record, nullptr, "00001-of-00003.json is missing"},
           {record, "", "00001-of-00003.json is not JSON"},
           {record, "{}", "names no checksums"},
           {record, R"({"skipped": [1]})", "has no list of skipped samples"},
           {rows, "", "damaged header"},
           {rows, "\x93NUMPY", "damaged header"}}) {
    made_.write_whole();
    if (damage.text == nullptr)
      std::filesystem::remove(made_.path(MadeUpCache::kWhole, damage.file));
    else
      made_.write(MadeUpCache::kWhole, damage.file, damage.text);
    EXPECT_THAT(check().problems, Contains(HasSubstr(damage.expected)))
        << damage.file << ": " << ::testing::PrintToString(check().problems);
  }
  made_.write_whole();
  made_.write(MadeUpCache::kWhole, rows, short_rows);
  EXPECT_THAT(check().problems, Contains(rows + " has 150 bytes, its header promises 176"));
  made_.write(MadeUpCache::kWhole, rows, other_rows);
  EXPECT_THAT(check().problems, Contains(rows + " has 2 rows, meta.json says 4"));
}

TEST_F(VerifyEntry, of_a_partial_entry_checks_what_the_next_run_would_believe) {
  const auto progress = MadeUpCache::progress_file(1), partial = MadeUpCache::partial_file(1);
  made_.write_part();
  EXPECT_THAT(check().problems, IsEmpty());
  for (const auto* text : {"{", "[1]", R"({"rows": -1, "skipped": []})", R"({"rows": 5, "skipped": []})",
                           R"({"rows": 2})", R"({"rows": 2, "skipped": [{}]})"}) {
    made_.write(MadeUpCache::kPart, progress, text);
    EXPECT_THAT(check().problems, Contains(HasSubstr(progress))) << text;
  }
  made_.write_part();
  made_.write(MadeUpCache::kPart, partial, MadeUpCache::rows(1).substr(0, 150));
  EXPECT_THAT(check().problems, Contains(HasSubstr(partial + " has 150 bytes")));
  std::filesystem::remove(made_.path(MadeUpCache::kPart, progress));
  EXPECT_THAT(check().problems, IsEmpty()) << "nothing of it counts";
  made_.write(MadeUpCache::kPart, MadeUpCache::rows_file(0), "nothing");
  EXPECT_THAT(check().problems, Contains(HasSubstr("damaged header"))) << "a complete shard of it counts";
}

TEST_F(VerifyEntry, does_not_read_entries_of_the_earlier_layout) {
  made_.write_earlier(MadeUpCache::kWhole, true);
  EXPECT_THAT(check().problems, IsEmpty());
}

}  // namespace
}  // namespace kindred::host
