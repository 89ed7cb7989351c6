// Two plugins that each bring a version of one library of their own: see docs/design/abi.md.
#include <dlfcn.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "answer.hpp"
#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"

namespace kindred::host {
namespace {

TEST(ConflictingPlugins, EachUseWhatTheyBring) {
  const auto catalog =
      Catalog::load({testing::fixture_folder("conflicting_1"), testing::fixture_folder("conflicting_2")});
  for (const auto& one : catalog.rejected()) ADD_FAILURE() << one.message;
  const auto make = [&](const std::string& id) {
    return catalog.create<testing::Answer>(*catalog.find("answer", id), {});
  };
  const auto first = make("conflicting_1.answer"), second = make("conflicting_2.answer");
  EXPECT_EQ(first->version(), 1);
  EXPECT_EQ(second->version(), 2);
  EXPECT_EQ(first->answer(), 10);
  EXPECT_EQ(second->answer(), 20);
  EXPECT_EQ(first->count(), 101);
  EXPECT_EQ(first->count(), 102);
  EXPECT_EQ(second->count(), 201) << "one counter for two plugins";
}

TEST(ConflictingPlugins, ShowNothingToTheHost) {
  (void)Catalog::load(std::vector<std::string>{testing::fixture_folder("conflicting_1")});
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "bundled_answer"), nullptr);
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "kindred_plugin_v1"), nullptr);
}

}  // namespace
}  // namespace kindred::host
