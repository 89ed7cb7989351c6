#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/http/multipart.hpp"
#include "host/http/url.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

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
