#include "host/cache/verify_entry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  std::filesystem::remove(made_.path(MadeUpCache::kWhole, "checksums.json"));
  EXPECT_THAT(check().problems, IsEmpty()) << "entries of older versions have none";
  EXPECT_FALSE(check().has_checksum);
}

TEST_F(VerifyEntry, finds_a_flipped_bit_in_any_file) {
  for (const std::string file : {"rows.npy", "skipped.json", "meta.json"}) {
    made_.write_whole();
    auto bytes = read_file(made_.path(MadeUpCache::kWhole, file));
    bytes[bytes.size() - 9] ^= 2;
    made_.write(MadeUpCache::kWhole, file, bytes);
    EXPECT_THAT(check().problems, Contains(HasSubstr(file + " is not what was written"))) << file;
  }
}

TEST_F(VerifyEntry, says_what_is_missing_or_cannot_be_understood) {
  struct Damage {
    const char *file, *text, *expected;  // no text: the file is removed
  };
  const auto short_rows = MadeUpCache::rows().substr(0, 200);
  const auto other_rows = MadeUpCache::header("<f4", "5, 6") + std::string(120, 'r');
  for (const auto& damage : std::vector<Damage>{{"meta.json", nullptr, "meta.json is missing"},
                                                {"meta.json", "{", "meta.json is not JSON"},
                                                {"meta.json", "[]", "is no description"},
                                                {"skipped.json", nullptr, "skipped.json is missing"},
                                                {"skipped.json", "[1]", "is no list of skipped samples"},
                                                {"checksums.json", "", "checksums.json is not JSON"},
                                                {"checksums.json", "{}", "names no checksums"},
                                                {"rows.npy", "", "damaged header"},
                                                {"rows.npy", short_rows.c_str(), "damaged header"}}) {
    made_.write_whole();
    if (damage.text == nullptr)
      std::filesystem::remove(made_.path(MadeUpCache::kWhole, damage.file));
    else
      made_.write(MadeUpCache::kWhole, damage.file, damage.text);
    EXPECT_THAT(check().problems, Contains(HasSubstr(damage.expected)))
        << damage.file << ": " << ::testing::PrintToString(check().problems);
  }
  made_.write_whole();
  made_.write(MadeUpCache::kWhole, "rows.npy", short_rows);
  EXPECT_THAT(check().problems, Contains("rows.npy has 200 bytes, its header promises 248"));
  made_.write(MadeUpCache::kWhole, "rows.npy", other_rows);
  EXPECT_THAT(check().problems, Contains("rows.npy has 5 rows, meta.json says 10"));
}

TEST_F(VerifyEntry, checks_names_in_checksums_json_before_reading_them) {
  made_.write_whole();
  made_.write(MadeUpCache::kWhole, "checksums.json",
              R"({"algorithm": "xxh3_128", "files": {"rows.npy": "0", "../../secret": "0"}})");
  EXPECT_THAT(check().problems, Contains(HasSubstr("belongs to no entry")));
}

TEST_F(VerifyEntry, of_a_partial_entry_checks_what_the_next_run_would_believe) {
  made_.write_part();
  EXPECT_THAT(check().problems, IsEmpty());
  for (const auto* progress : {"{", "[1]", R"({"rows": -1, "skipped": []})", R"({"rows": 11, "skipped": []})",
                               R"({"rows": 4})", R"({"rows": 4, "skipped": [{}]})"}) {
    made_.write(MadeUpCache::kPart, "progress.json", progress);
    EXPECT_THAT(check().problems, Contains(HasSubstr("progress.json"))) << progress;
  }
  made_.write_part();
  made_.write(MadeUpCache::kPart, "rows.npy.partial", MadeUpCache::rows().substr(0, 200));
  EXPECT_THAT(check().problems, Contains(HasSubstr("rows.npy.partial has 200 bytes")));
  std::filesystem::remove(made_.path(MadeUpCache::kPart, "progress.json"));
  EXPECT_THAT(check().problems, IsEmpty()) << "nothing of it counts";
}

}  // namespace
}  // namespace kindred::host
