#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"

namespace kindred::host {
namespace {

using testing::fixture_file;
using testing::fixture_folder;
using ::testing::HasSubstr;
using testing::read_bytes;
using testing::TempFolder;

/// A fixture that passes the gate and is refused afterwards.
struct Refusal {
  const char* fixture;
  const char* code;
  const char* phase;
  const char* component;
  std::vector<std::string> words;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.fixture; }

class RefusedDescriptor : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedDescriptor, IsReported) {
  const auto catalog = Catalog::load(std::vector<std::string>{fixture_folder(GetParam().fixture)});
  EXPECT_TRUE(catalog.components().empty());
  EXPECT_TRUE(catalog.plugins().empty());
  ASSERT_EQ(catalog.rejected().size(), 1U);
  const auto& refusal = catalog.rejected().front();
  EXPECT_EQ(refusal.file, fixture_file(GetParam().fixture));
  EXPECT_EQ(refusal.code, GetParam().code);
  EXPECT_EQ(refusal.phase, GetParam().phase);
  EXPECT_EQ(refusal.component, GetParam().component);
  EXPECT_THAT(refusal.message, HasSubstr(refusal.file));
  for (const auto& word : GetParam().words) EXPECT_THAT(refusal.message, HasSubstr(word));
  const auto error = refusal.error();
  EXPECT_FALSE(error.plugin().empty());
  EXPECT_THAT(error.what(), HasSubstr("phase " + refusal.phase));
}

INSTANTIATE_TEST_SUITE_P(
    Descriptors, RefusedDescriptor,
    ::testing::Values(
        Refusal{"no_descriptor", "KDP010", "load", "", {"exports no kindred_plugin_v1", "KINDRED_PLUGIN"}},
        Refusal{"short_descriptor", "KDP010", "load", "", {"descriptor that is too short"}},
        Refusal{"foreign_tag", "KDP010", "load", "", {"differs from its build tag"}},
        Refusal{"no_id", "KDP010", "load", "", {"empty plugin id"}},
        Refusal{"no_factory", "KDP010", "load", "", {"hand.made", "without schema, create or destroy"}},
        Refusal{"bad_id", "KDP010", "load", "", {"\"HandMade\"", "vendor.name"}},
        Refusal{"twice", "KDP011", "register", "hand.made", {"loss hand.made twice", "rename"}},
        Refusal{"no_schema", "KDP013", "schema", "hand.made", {"loss hand.made", "returned the error 7"}},
        Refusal{
            "wrong_schema", "KDP013", "schema", "hand.made", {"did not write a JSON object", "describe"}}),
    [](const auto& info) { return std::string(info.param.fixture); });

TEST(Registration, NamesTheLibraryThatTheLinkerMisses) {
  auto bytes = read_bytes(fixture_file("tag_same"));
  const std::string needed = "libstdc++.so.6";
  const auto at = bytes.find(needed);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 6, "libnix");
  const TempFolder folder;
  folder.write("lonely.kindred.so", bytes);
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  const auto& refusal = catalog.rejected().front();
  EXPECT_EQ(refusal.code, "KDP009");
  EXPECT_EQ(refusal.phase, "load");
  EXPECT_THAT(refusal.message, HasSubstr("libnixc++.so.6: cannot open shared object file"));
  EXPECT_THAT(refusal.message, HasSubstr("install the libraries"));
}

TEST(Registration, CopiesWhatThePluginSaysOfItself) {
  const auto catalog = Catalog::load(std::vector<std::string>{fixture_folder("good")});
  ASSERT_EQ(catalog.plugins().size(), 1U);
  const auto& plugin = catalog.plugins().front();
  EXPECT_EQ(plugin.id, "fixture");
  EXPECT_EQ(plugin.version, "1.2.3");
  EXPECT_EQ(plugin.license, "Apache-2.0");
  EXPECT_EQ(plugin.file, fixture_file("good"));
  EXPECT_FALSE(plugin.compiler.empty());

  const auto* loss = catalog.find("loss", "fixture.pull");
  ASSERT_NE(loss, nullptr);
  EXPECT_EQ(loss->kind, "loss");
  EXPECT_EQ(loss->short_name, "pull");
  EXPECT_EQ(loss->version, "1.2.3");
  EXPECT_EQ(loss->summary, "Pulls classes together");
  EXPECT_EQ(loss->plugin_id, "fixture");
  EXPECT_EQ(loss->plugin_version, "1.2.3");
  EXPECT_EQ(loss->plugin_file, fixture_file("good"));
  EXPECT_EQ(loss->schema["properties"]["margin"]["default"], 0.2);
  EXPECT_EQ(loss->schema["properties"]["mining"]["enum"], (std::vector<std::string>{"all", "hard"}));
  EXPECT_EQ(catalog.find("transform", "crop")->schema["required"], std::vector<std::string>{"size"});
}

}  // namespace
}  // namespace kindred::host
