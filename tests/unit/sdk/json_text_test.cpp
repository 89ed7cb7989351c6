#include "kindred/io/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kindred {
namespace {

std::string nested(int levels) {
  return std::string(static_cast<size_t>(levels), '[') + "1" + std::string(static_cast<size_t>(levels), ']');
}

TEST(JsonText, is_read_as_the_library_reads_it) {
  const std::string text = R"({"a": [1, 2.5, {"b": null}], "c": "\u00e9"})";
  EXPECT_EQ(parse_json(text), nlohmann::json::parse(text));
  EXPECT_EQ(parse_json(nested(64)), nlohmann::json::parse(nested(64)));
}

TEST(JsonText, that_is_none_or_uses_up_the_stack_is_discarded) {
  for (const std::string text : {"", "{", "[1,]", "{\"a\": 1} 2"})
    EXPECT_TRUE(parse_json(text).is_discarded());
  EXPECT_TRUE(parse_json(nested(65)).is_discarded());
  EXPECT_TRUE(parse_json(nested(300000)).is_discarded());
  EXPECT_TRUE(parse_json("{\"a\": 1, \"b\": " + nested(200000) + ", \"c\": 2}").is_discarded());
}

}  // namespace
}  // namespace kindred
