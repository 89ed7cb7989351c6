#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "host/http/base64.hpp"
#include "host/http/multipart.hpp"
#include "host/http/url.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

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

TEST(Url, decodes_what_it_encodes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decoded(percent_encoded(all), false), all);
  EXPECT_EQ(percent_encoded("photos/a b.jpg"), "photos%2Fa%20b.jpg");
  EXPECT_EQ(percent_decoded("a+b%2b", true), "a b+");
  EXPECT_EQ(percent_decoded("a+b", false), "a+b");
  for (const auto* text : {"%", "%4", "%zz", "a%"}) EXPECT_FALSE(percent_decoded(text, false)) << text;
}

TEST(Url, takes_a_target_apart) {
  std::string path;
  std::map<std::string, std::string> query;
  ASSERT_TRUE(split_target("/search?k=3&where=make%20%3D%20'BMW'&flag&&k=4", path, query));
  EXPECT_EQ(path, "/search");
  EXPECT_EQ(query, (std::map<std::string, std::string>{{"k", "4"}, {"where", "make = 'BMW'"}, {"flag", ""}}));
  EXPECT_FALSE(split_target("http://elsewhere/", path, query));
  EXPECT_FALSE(split_target("*", path, query));
  EXPECT_FALSE(split_target("/a?b=%f", path, query));
}

const std::string kType = "multipart/form-data; boundary=XyZ";

TEST(Multipart, finds_fields_and_files) {
  const std::string body =
      "who reads this?\r\n--XyZ\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\n12\r\n"
      "--XyZ  \r\ncontent-type: IMAGE/jpeg; x=1\r\nContent-Disposition: form-data; name=image; "
      "filename=\"a \\\"b\\\";c.jpg\"\r\n\r\n\r\n--XyQ\r\n\r\n--XyZ\r\nContent-Disposition: form-data; "
      "name=\"empty\"\r\n\r\n"
      "\r\n--XyZ--\r\n";
  const auto parts = form_parts(kType, body, 10);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].name, "k");
  EXPECT_EQ(parts[0].content, "12");
  EXPECT_EQ(parts[1].name, "image");
  EXPECT_EQ(parts[1].file_name, "a \"b\";c.jpg");
  EXPECT_EQ(parts[1].content_type, "image/jpeg");
  EXPECT_EQ(parts[1].content, "\r\n--XyQ\r\n");
  EXPECT_EQ(parts[2].content, "");
}

TEST(Multipart, refuses_every_form_that_is_cut_off) {
  const std::string body =
      "--XyZ\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\n12\r\n--XyZ\r\n"
      "Content-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\nbytes\r\n--XyZ--";
  ASSERT_EQ(form_parts(kType, body, 10).size(), 2u);
  for (size_t length = 0; length < body.size(); ++length)
    EXPECT_THROW(form_parts(kType, body.substr(0, length), 10), Error) << length;
}

TEST(Multipart, says_what_is_wrong) {
  const auto message = [](const std::string& type, const std::string& body, size_t most = 10) -> std::string {
    try {
      form_parts(type, body, most);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_THAT(message("multipart/form-data", ""), HasSubstr("no boundary"));
  EXPECT_THAT(message(kType, "--other\r\n"), HasSubstr("nowhere in the body"));
  EXPECT_THAT(message(kType, "--XyZ\r\nX: y\r\n\r\n1\r\n--XyZ--"), HasSubstr("no Content-Disposition"));
  EXPECT_THAT(message(kType, "--XyZ and more\r\n\r\n1\r\n--XyZ--"), HasSubstr("goes on with something else"));
  const std::string part = "--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
  EXPECT_THAT(message(kType, part + part + "--XyZ--", 1), HasSubstr("more than 1 parts"));
}

}  // namespace
}  // namespace kindred::host
