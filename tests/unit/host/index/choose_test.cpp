#include "host/index/choose.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kindred::host {
namespace {
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A million rows of 128 numbers float16 are 244 MiB.
IndexNeeds needs(int64_t rows) {
  IndexNeeds out;
  out.rows = rows;
  out.dimension = 128;
  out.memory_bytes = int64_t{4} << 30;
  out.scan_bytes_per_second = 5e9;
  out.has_approximate = true;
  return out;
}

TEST(Choose, takes_exact_search_as_long_as_it_answers_in_time) {
  const auto few = choose_index(needs(8'144));
  EXPECT_EQ(few.component.id, "kindred.flat");
  EXPECT_THAT(few.reason,
              AllOf(HasSubstr("exact search"), HasSubstr("8144 rows of 128"), HasSubstr("0.417 ms")));
  EXPECT_EQ(choose_index(needs(390'000)).component.id, "kindred.flat") << "19.97 ms";
  EXPECT_EQ(choose_index(needs(391'000)).component.id, "kindred.faiss") << "20.02 ms";
  auto patient = needs(391'000);
  patient.latency = 0.1;
  EXPECT_EQ(choose_index(patient).component.id, "kindred.flat");
  EXPECT_EQ(choose_index(needs(0)).component.id, "kindred.flat");
}

TEST(Choose, takes_hnsw_as_long_as_it_fits) {
  const auto choice = choose_index(needs(1'000'000));
  EXPECT_EQ(choice.component.params.at("factory"), "HNSW32");
  EXPECT_EQ(choice.component.oversample, 1);
  EXPECT_THAT(choice.reason,
              AllOf(HasSubstr("HNSW"), HasSubstr("51.2 ms"), HasSubstr("20 ms"), HasSubstr("4.0 GiB")));
}

TEST(Choose, takes_codes_and_stored_rows_where_memory_is_short) {
  auto short_of_memory = needs(10'000'000);
  short_of_memory.memory_bytes = int64_t{1} << 30;
  const auto choice = choose_index(short_of_memory);
  EXPECT_EQ(choice.component.params.at("factory"), "IVF8192,PQ32");
  EXPECT_EQ(choice.component.params.at("nprobe"), 256);
  EXPECT_EQ(choice.component.oversample, 10);
  EXPECT_THAT(choice.reason, AllOf(HasSubstr("IVF-PQ"), HasSubstr("stored rows"), HasSubstr("1.0 GiB")));
  short_of_memory.memory_bytes = int64_t{200} << 20;
  EXPECT_EQ(choose_index(short_of_memory).component.params.at("factory"), "IVF8192,PQ8");
  short_of_memory.memory_bytes = 1 << 20;
  EXPECT_THAT(choose_index(short_of_memory).reason, HasSubstr("more than is given"));
}

TEST(Choose, goes_by_memory_where_rows_are_few_but_do_not_fit) {
  auto tight = needs(300'000);
  tight.memory_bytes = 50'000'000;
  EXPECT_THAT(choose_index(tight).reason,
              AllOf(HasSubstr("IVF-PQ"), HasSubstr("300000 rows of 128 numbers take")));
}

TEST(Choose, says_where_no_other_index_can_be_had) {
  auto lone = needs(1'000'000);
  lone.has_approximate = false;
  const auto without = choose_index(lone);
  EXPECT_EQ(without.component.id, "kindred.flat");
  EXPECT_THAT(without.reason, HasSubstr("the plugin faiss was not found"));
  auto odd = needs(1'000'000);
  odd.distance = Distance::manhattan;
  EXPECT_THAT(choose_index(odd).reason, HasSubstr("knows the distance manhattan"));
}

}  // namespace
}  // namespace kindred::host
