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

TEST(JsonText, is_written_whatever_the_bytes_of_names_are) {
  const nlohmann::json plain = {{"a", {1, 2.5, nullptr}}, {"b", "\xC3\xA9"}};
  EXPECT_EQ(json_text(plain), plain.dump());
  EXPECT_EQ(json_text(plain, 2), plain.dump(2));
  const nlohmann::json names = {{"caf\xE9",
                                 {"\xFF",
                                  {{"path",
                                    "n\xE9"
                                    "ant.png"}}}}};
  EXPECT_EQ(json_text(names), R"({"caf\\xE9":["\\xFF",{"path":"n\\xE9ant.png"}]})");
}

TEST(JsonText, keeps_every_byte_where_both_sides_agree) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const nlohmann::json names = {{"path", "caf\xE9/\xC3\xA9"}, {"all", {all}}, {"plain", "\xF4\x8F\xBD\xBF"}};
  auto read = nlohmann::json::parse(exact_json_text(names));
  restore_bytes(read);
  EXPECT_EQ(read, names);
  EXPECT_EQ(exact_json_text({{"path", "a/b"}}), R"({"path":"a/b"})");
}

}  // namespace
}  // namespace kindred
