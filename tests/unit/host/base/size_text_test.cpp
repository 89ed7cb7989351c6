#include "host/base/size_text.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

TEST(SizeText, takes_the_largest_unit_of_which_there_is_one) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(1 << 10), "1 KiB");
  EXPECT_EQ(size_text((1 << 20) - (1 << 10)), "1023 KiB");
  EXPECT_EQ(size_text(1 << 20), "1.0 MiB");
  EXPECT_EQ(size_text((1 << 20) * 5 / 2), "2.5 MiB");
  EXPECT_EQ(size_text(uintmax_t{3} << 29), "1.5 GiB");
  EXPECT_EQ(size_text(uintmax_t{5} << 40), "5120.0 GiB");
}

TEST(SizeText, is_never_zero_of_a_unit_that_is_too_large) {
  EXPECT_EQ(size_text(400, SizeUnit::mebibytes), "400 bytes");
  EXPECT_EQ(size_text(400 << 10, SizeUnit::mebibytes), "400 KiB");
}

TEST(SizeText, the_smallest_unit_has_no_decimals) {
  EXPECT_EQ(size_text(3 << 19, SizeUnit::mebibytes), "2 MiB");
  EXPECT_EQ(size_text(uintmax_t{1} << 29, SizeUnit::mebibytes), "512 MiB");
  EXPECT_EQ(size_text(uintmax_t{3} << 29, SizeUnit::mebibytes), "1.5 GiB");
}

}  // namespace
}  // namespace kindred::host
