#include "host/base/text_forms/percent_encoding.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

TEST(PercentEncoding, decodes_what_it_encodes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decoded(percent_encoded(all), false), all);
  EXPECT_EQ(percent_encoded("photos/a b.jpg"), "photos%2Fa%20b.jpg");
  EXPECT_EQ(percent_decoded("a+b%2b", true), "a b+");
  EXPECT_EQ(percent_decoded("a+b", false), "a+b");
  for (const auto* text : {"%", "%4", "%zz", "a%"}) EXPECT_FALSE(percent_decoded(text, false)) << text;
}

}  // namespace
}  // namespace kindred::host
