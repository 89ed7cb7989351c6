#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/http/router.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;
using ::testing::HasSubstr;

std::vector<Route> routes() {
  const auto nothing = [](const Call&, const Respond&) {};
  std::vector<Route> all = {
      {"GET", "/items/{id}", "One.", json::object(), nothing},
      {"DELETE", "/items/{id}", "Removes one.", json::object(), nothing},
      {"GET", "/items/{id}/picture", "Its picture.", {{"description", "long"}}, nothing},
      {"GET", "/health", "Lives.", json::object(), nothing},
      {"GET", "/", "A page.", json::object(), nothing}};
  all[3].is_open = true;
  all[4].is_page = true;
  return all;
}

const Route* found(const Router& router, const std::string& method, const std::string& path, Call& call) {
  HttpRequest request;
  request.method = method;
  request.path = path;
  return router.find(request, call);
}

TEST(Router, finds_a_route_and_decodes_the_parts_of_its_path) {
  const Router router(routes());
  Call call;
  const auto* route = found(router, "GET", "/items/photos%2Fa%20b.jpg/picture", call);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->pattern, "/items/{id}/picture");
  EXPECT_EQ(call.parts.at("id"), "photos/a b.jpg");
  EXPECT_EQ(found(router, "DELETE", "/items/x", call)->summary, "Removes one.");
  EXPECT_EQ(found(router, "GET", "/", call)->summary, "A page.");
  for (const auto* path : {"/items", "/items/", "/items/a/b", "/items/%zz", "/health/", "//health", ""})
    EXPECT_EQ(found(router, "GET", path, call), nullptr) << path;
}

TEST(Router, says_what_a_path_takes) {
  const Router router(routes());
  HttpRequest request;
  request.method = "PUT";
  request.path = "/items/a";
  const auto wrong_method = router.nothing_found(request);
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_THAT(wrong_method.body, HasSubstr("it takes GET, DELETE"));
  request.path = "/itmes";
  EXPECT_EQ(router.nothing_found(request).status, 404);
}

TEST(Router, describes_its_routes_as_openapi) {
  const auto document = openapi_document(routes(), {{"title", "t"}, {"version", "1"}}, json::object());
  EXPECT_EQ(document["openapi"], "3.0.3");
  EXPECT_EQ(document["paths"].size(), 3u) << "pages are left out";
  const auto& picture = document["paths"]["/items/{id}/picture"]["get"];
  EXPECT_EQ(picture["description"], "long");
  EXPECT_EQ(picture["parameters"][0]["name"], "id");
  EXPECT_EQ(picture["parameters"][0]["required"], true);
  EXPECT_EQ(document["paths"]["/health"]["get"]["security"], json::array());
  EXPECT_TRUE(document["paths"]["/items/{id}"].contains("delete"));
}

}  // namespace
}  // namespace kindred::host
