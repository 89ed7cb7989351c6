#include "host/data/decoders.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Decoders, are_chosen_by_content_and_not_by_name) {
  const Decoders decoders(Catalog::load_file(testing::fixture_file("good")));
  EXPECT_THAT(decoders.extensions(), ElementsAre(".grey"));
  const auto picture = decoders.decode("GREY\x02smut", "a.jpg");
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{2, 2, 3}));
  EXPECT_EQ(picture[1][0][2].item<int>(), 'u');
}

TEST(Decoders, say_what_is_wrong_with_bytes_of_no_format) {
  const Decoders decoders(Catalog::load_file(testing::fixture_file("good")));
  EXPECT_THAT(testing::thrown([&] { decoders.decode("a text", "upload 3"); }),
              HasSubstr("upload 3 is no grey picture"));
  EXPECT_THAT(testing::thrown([&] { decoders.decode("GREY\x03tictacto", "b"); }),
              HasSubstr("b ends within a row"));
}

TEST(Decoders, of_which_there_is_none_name_the_plugin_that_has_one) {
  EXPECT_THAT(testing::thrown([] { Decoders().decode("GREY", "a"); }),
              HasSubstr("the plugin `vision` has one"));
  EXPECT_THAT(testing::thrown([] { Decoders().require_any(); }), HasSubstr("no decoder"));
}

TEST(Decoders, endings_are_compared_without_case) {
  EXPECT_TRUE(has_extension("a/B.JPG", {".png", ".jpg"}));
  EXPECT_FALSE(has_extension("a.jpg/b", {".png", ".jpg"}));
  EXPECT_FALSE(has_extension("jpg", {".jpg"}));
}

}  // namespace
}  // namespace kindred::host
