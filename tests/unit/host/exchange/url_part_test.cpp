#include <gtest/gtest.h>

#include "host/exchange/qdrant/http.hpp"

namespace kindred::host {
namespace {

TEST(UrlPart, letters_and_what_is_allowed_stay_and_all_other_bytes_are_escaped) {
  EXPECT_EQ(url_part("Cars-2_b.c~1"), "Cars-2_b.c~1");
  EXPECT_EQ(url_part("a/b?c#d%e é"), "a%2Fb%3Fc%23d%25e%20%C3%A9");
  EXPECT_EQ(url_part(".."), "%2E%2E");  // a path would go up
  EXPECT_EQ(url_part(""), "");
}

}  // namespace
}  // namespace kindred::host
