#include "host/loader/catalog.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "fixture_plugins.hpp"

namespace kindred::host {
namespace {

using ::testing::ElementsAre;
using testing::fixture_file;
using testing::fixture_folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_bytes;
using testing::TempFolder;

Catalog load(const std::vector<std::string>& names) {
  std::vector<std::string> folders;
  for (const auto& name : names) folders.push_back(fixture_folder(name));
  return Catalog::load(folders);
}

TEST(Catalog, HoldsEveryKindSortedByKindAndId) {
  const auto catalog = load({"good"});
  EXPECT_THAT(catalog.rejected(), IsEmpty());
  EXPECT_THAT(catalog.notes(), IsEmpty());
  std::vector<std::string> found;
  for (const auto& component : catalog.components()) found.push_back(component.kind + " " + component.id);
  EXPECT_THAT(found,
              ElementsAre("batch_sampler fixture.in_order", "dataset fixture.points", "decoder fixture.grey",
                          "encoder fixture.scale", "eval_sampler fixture.every_nth", "head fixture.diagonal",
                          "index fixture.scan", "loss fixture.pull", "metric fixture.hit",
                          "metric fixture.mean_rank", "metric fixture.spread", "miner fixture.nearest",
                          "tracker fixture.diary", "transform fixture.crop", "transform fixture.invert"));
}

TEST(Catalog, IsEmptyForFoldersWithoutPlugins) {
  const TempFolder folder;
  folder.write("readme.txt", "no plugin");
  folder.write("library.so", "not called *.kindred.so");
  folder.write(".kindred.so", "a suffix without a name");
  folder.write("below/deeper.kindred.so", "folders are not searched in depth");
  const auto catalog = Catalog::load({folder.path(), folder / "absent"});
  EXPECT_THAT(catalog.components(), IsEmpty());
  EXPECT_THAT(catalog.rejected(), IsEmpty());
}

TEST(Catalog, OnePluginsFaultDoesNotTouchTheOthers) {
  const auto catalog = load({"tag_torch", "no_note", "good", "no_descriptor"});
  EXPECT_EQ(catalog.rejected().size(), 3U);
  ASSERT_EQ(catalog.plugins().size(), 1U);
  EXPECT_NE(catalog.find("loss", "pull"), nullptr);
}

TEST(Catalog, FindsByIdAndByShortName) {
  const auto catalog = load({"good"});
  const auto* by_id = catalog.find("loss", "fixture.pull");
  ASSERT_NE(by_id, nullptr);
  EXPECT_EQ(catalog.find("loss", "pull"), by_id);
  EXPECT_EQ(catalog.find("metric", "pull"), nullptr);
  EXPECT_EQ(catalog.find("loss", "ull"), nullptr);
  EXPECT_EQ(catalog.find("loss", "Pull"), nullptr);
  EXPECT_EQ(catalog.find("loss", ""), nullptr);
}

TEST(Catalog, AShortNameOfTwoComponentsFindsNeither) {
  const auto catalog = load({"good", "second"});
  EXPECT_EQ(catalog.find("loss", "pull"), nullptr);
  EXPECT_EQ(catalog.matches("loss", "pull").size(), 2U);
  ASSERT_NE(catalog.find("loss", "second.pull"), nullptr);
  EXPECT_EQ(catalog.find("loss", "second.pull")->plugin_id, "second");
  ASSERT_NE(catalog.find("loss", "push"), nullptr);
  EXPECT_EQ(catalog.find("loss", "push")->id, "second.push");
  // Names in messages are such that find() accepts them.
  EXPECT_THAT(catalog.names("loss"), ElementsAre("fixture.pull", "push", "second.pull"));
  for (const auto& name : catalog.names("loss")) EXPECT_NE(catalog.find("loss", name), nullptr) << name;
}

TEST(Catalog, NamesTheKindsOfAName) {
  const auto catalog = load({"good"});
  EXPECT_THAT(catalog.kinds_of("pull"), ElementsAre("loss"));
  EXPECT_THAT(catalog.kinds_of("fixture.hit"), ElementsAre("metric"));
  EXPECT_THAT(catalog.kinds_of("absent"), IsEmpty());
}

TEST(Catalog, SuggestsAMisspeltName) {
  const auto catalog = load({"good", "second"});
  EXPECT_EQ(catalog.suggest("transform", "invret"), "invert");
  EXPECT_EQ(catalog.suggest("transform", "fixture.inver"), "fixture.invert");
  EXPECT_EQ(catalog.suggest("loss", "second.pul"), "second.pull");
  EXPECT_EQ(catalog.suggest("loss", "entirely_different"), "");
  EXPECT_EQ(catalog.suggest("no_such_kind", "pull"), "");
}

TEST(Catalog, SuggestsWhatAnotherSpellingOrLibraryMeans) {
  const auto catalog = load({"good"});
  EXPECT_EQ(catalog.suggest("loss", "PullLoss"), "pull");
  EXPECT_EQ(catalog.suggest("loss", "Fixture.Pull"), "fixture.pull");
  for (const auto* name : {"AttractionLoss", "attraction", "Attraction_Loss", "gravity", "Gravitty"})
    EXPECT_EQ(catalog.suggest("loss", name), "pull") << name;
  EXPECT_EQ(catalog.suggest("", "gravity"), "pull");
  EXPECT_EQ(catalog.suggest("metric", "gravity"), "");
}

TEST(Catalog, RefusesAPluginThatOffersATakenId) {
  const auto catalog = load({"good", "duplicate"});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  const auto& refusal = catalog.rejected().front();
  EXPECT_EQ(refusal.code, "KDP011");
  EXPECT_EQ(refusal.plugin, "duplicate");
  EXPECT_EQ(refusal.component, "fixture.pull");
  EXPECT_EQ(refusal.phase, "register");
  EXPECT_THAT(refusal.message, HasSubstr("both offer loss fixture.pull"));
  EXPECT_THAT(refusal.message, HasSubstr(fixture_file("good")));
  EXPECT_THAT(refusal.message, HasSubstr(fixture_file("duplicate")));
  EXPECT_THAT(refusal.error().what(),
              HasSubstr("plugin duplicate, component fixture.pull, phase register: KDP011"));
  EXPECT_EQ(catalog.find("loss", "pull")->plugin_id, "fixture");
  EXPECT_EQ(catalog.find("loss", "fresh"), nullptr) << "a refused plugin offers nothing";
}

TEST(Catalog, TheEarlierFolderDecidesBetweenTwoPlugins) {
  const auto catalog = load({"duplicate", "good"});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  EXPECT_EQ(catalog.rejected().front().plugin, "fixture");
  EXPECT_EQ(catalog.find("loss", "pull")->plugin_id, "duplicate");
}

TEST(Catalog, AnEarlierFolderReplacesAPluginOfTheSameNameAndId) {
  const TempFolder folder;
  const auto copy = folder.write("fixture_good.kindred.so", read_bytes(fixture_file("good")));
  const auto catalog = Catalog::load({folder.path(), fixture_folder("good")});
  EXPECT_THAT(catalog.rejected(), IsEmpty());
  ASSERT_EQ(catalog.plugins().size(), 1U);
  EXPECT_EQ(catalog.plugins().front().file, copy);
  ASSERT_EQ(catalog.notes().size(), 1U);
  EXPECT_THAT(catalog.notes().front(), HasSubstr(fixture_file("good") + " is not used"));
}

TEST(Catalog, RefusesTheIdOfAPluginInAnotherFile) {
  const TempFolder folder;
  folder.write("renamed.kindred.so", read_bytes(fixture_file("good")));
  const auto catalog = Catalog::load({fixture_folder("good"), folder.path()});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  EXPECT_EQ(catalog.rejected().front().code, "KDP011");
  EXPECT_EQ(catalog.rejected().front().plugin, "fixture");
  EXPECT_THAT(catalog.rejected().front().message, HasSubstr("are both the plugin fixture"));
}

TEST(Catalog, TakesAFileOnceHoweverItIsReached) {
  const TempFolder folder;
  std::filesystem::create_symlink(fixture_file("good"), folder / "link.kindred.so");
  const auto catalog = Catalog::load({fixture_folder("good"), fixture_folder("good"), folder.path()});
  EXPECT_THAT(catalog.rejected(), IsEmpty());
  EXPECT_THAT(catalog.notes(), IsEmpty());
  EXPECT_EQ(catalog.plugins().size(), 1U);
}

TEST(Catalog, ReportsALinkToNowhere) {
  const TempFolder folder;
  std::filesystem::create_symlink(folder / "gone", folder / "link.kindred.so");
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  EXPECT_EQ(catalog.rejected().front().code, "KDP001");
  EXPECT_THAT(catalog.rejected().front().message, HasSubstr("cannot be opened: No such file"));
}

}  // namespace
}  // namespace kindred::host
