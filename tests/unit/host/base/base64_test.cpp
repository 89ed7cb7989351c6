#include "host/base/text_forms/base64.hpp"

#include <gtest/gtest.h>

#include <random>

namespace kindred::host {
namespace {

TEST(Base64, writes_and_reads_the_texts_of_rfc_4648) {
  const std::vector<std::pair<std::string, std::string>> known = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : known) {
    EXPECT_EQ(base64_text(bytes), text);
    EXPECT_EQ(base64_bytes(text), bytes);
  }
  EXPECT_EQ(base64_bytes("Zm9vYg"), "foob") << "without padding";
  EXPECT_EQ(base64_bytes("Zm9v\r\nYmFy"), "foobar") << "with a line break";
  EXPECT_EQ(base64_bytes("-_-_"), base64_bytes("+/+/")) << "the letters of URLs";
}

TEST(Base64, gives_back_any_bytes) {
  std::mt19937 random(5);
  for (size_t length = 0; length < 200; ++length) {
    std::string bytes;
    for (size_t i = 0; i < length; ++i) bytes += static_cast<char>(random());
    EXPECT_EQ(base64_bytes(base64_text(bytes)), bytes);
  }
}

TEST(Base64, refuses_what_is_none) {
  for (const auto* text : {"Z", "Zg=", "Zg===", "Z g==", "Zg==Zg==", "Zm9v=", "http://a", "Zm9\xc3\xa4"})
    EXPECT_FALSE(base64_bytes(text)) << text;
}

}  // namespace
}  // namespace kindred::host
