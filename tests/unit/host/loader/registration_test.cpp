#include <gmock/gmock.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/registration.hpp"
#include "kindred/abi/build_tag.hpp"
#include "plugin_bytes.hpp"

namespace kindred::host {
namespace {

using testing::fixture_file;
using testing::fixture_folder;
using ::testing::HasSubstr;
using testing::read_bytes;
using testing::TempFolder;

/// A fixture that passes the gate and is refused afterwards.
struct RefusedAtLoad {
  const char* fixture;
  const char* code;
  const char* phase;
  const char* component;
  std::vector<std::string> words;
};

void PrintTo(const RefusedAtLoad& refusal, std::ostream* out) { *out << refusal.fixture; }

class RefusedDescriptor : public ::testing::TestWithParam<RefusedAtLoad> {};

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
        RefusedAtLoad{
            "no_descriptor", "KDP010", "load", "", {"exports no kindred_plugin_v1", "KINDRED_PLUGIN"}},
        RefusedAtLoad{"short_descriptor", "KDP010", "load", "", {"descriptor that is too short"}},
        RefusedAtLoad{"foreign_tag", "KDP010", "load", "", {"differs from its build tag"}},
        RefusedAtLoad{"no_id", "KDP010", "load", "", {"empty plugin id"}},
        RefusedAtLoad{"no_factory", "KDP010", "load", "", {"hand.made", "without schema, create or destroy"}},
        RefusedAtLoad{"bad_id", "KDP010", "load", "", {"\"HandMade\"", "vendor.name"}},
        RefusedAtLoad{"twice", "KDP011", "register", "hand.made", {"loss hand.made twice", "rename"}},
        RefusedAtLoad{
            "without_component",
            "KDP020",
            "gate",
            "",
            {"is the plugin tagged and offers no component; write KINDRED_COMPONENT(...) beside each class "
             "that shall be one, and name the files with them under SOURCES of kindred_add_plugin"}},
        RefusedAtLoad{
            "no_schema", "KDP013", "schema", "hand.made", {"loss hand.made", "returned the error 7"}},
        RefusedAtLoad{
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

kindred_offer_note offer(const char* kind, const char* id) {
  return offer_note(kind, id, "1.0.0", "").payload;
}

/// What notes that offer this are refused with.
RejectedPlugin refusal_of(const std::vector<kindred_offer_note>& offers) {
  try {
    (void)registration_of_notes("p", {build_tag(), offers, {}});
  } catch (const RejectedPlugin& refusal) {
    return refusal;
  }
  return {};
}

TEST(RegistrationOfNotes, TakesAPluginAndItsComponents) {
  const auto found = registration_of_notes(
      "p",
      {build_tag(), {offer("loss", "acme.pull"), offer("plugin", "acme"), offer("head", "acme.pull")}, {}});
  EXPECT_EQ(found.plugin.id, "acme");
  EXPECT_EQ(found.plugin.sdk_version, KINDRED_SDK_VERSION);
  ASSERT_EQ(found.components.size(), 2U);
  EXPECT_EQ(found.components[0].id, "acme.pull");
  EXPECT_EQ(found.components[0].plugin_id, "acme");
  EXPECT_EQ(found.components[0].entry, nullptr);
}

TEST(RegistrationOfNotes, RefusesWhatContradictsItself) {
  const auto no_plugin = refusal_of({offer("loss", "acme.pull")});
  EXPECT_EQ(no_plugin.code, "KDP017");
  EXPECT_THAT(no_plugin.message, HasSubstr("p has notes of components but none of the plugin"));
  EXPECT_THAT(no_plugin.message, HasSubstr("KINDRED_PLUGIN"));

  for (const auto* id :
       {"pull", "Acme.pull", "acme.", ".pull", "acme..pull", "acme.1pull", "acme.pu ll", ""}) {
    const auto bad_id = refusal_of({offer("plugin", "acme"), offer("loss", id)});
    EXPECT_EQ(bad_id.code, "KDP017") << id;
    EXPECT_EQ(bad_id.plugin, "acme");
    EXPECT_THAT(bad_id.message, HasSubstr("p says that it offers \"" + std::string(id) + "\""));
    EXPECT_THAT(bad_id.message, HasSubstr("vendor.name"));
  }

  const auto twice =
      refusal_of({offer("plugin", "acme"), offer("loss", "acme.pull"), offer("loss", "acme.pull")});
  EXPECT_EQ(twice.code, "KDP011");
  EXPECT_EQ(twice.plugin, "acme");
  EXPECT_THAT(twice.message, HasSubstr("p registers loss acme.pull twice"));
  EXPECT_THAT(twice.message, HasSubstr("rename"));
}

/// A copy of the fixture tag_same in which the note of the plugin, or of its component, says something else.
std::string with_note(const std::string& id, size_t field, const std::string& text) {
  auto bytes = read_bytes(fixture_file("tag_same"));
  const auto note = testing::note_at(bytes, KINDRED_NOTE_OFFER, id);
  bytes.replace(note + testing::kNoteHead + field, text.size() + 1, text.c_str(), text.size() + 1);
  return bytes;
}

TEST(Registration, RefusesADescriptorThatDiffersFromItsNotes) {
  constexpr auto kKind = offsetof(kindred_offer_note, kind), kId = offsetof(kindred_offer_note, id),
                 kVersion = offsetof(kindred_offer_note, version);
  const struct {
    std::string bytes, words;
  } copies[] = {
      {with_note("tagged", kId, "tugged"), "it is the plugin tagged 1.0.0, the notes say tugged 1.0.0"},
      {with_note("tagged", kVersion, "1.0.1"), "the notes say tagged 1.0.1"},
      {with_note("tagged.lever", kKind, "loss"), "it has the gadget tagged.lever 1.0.0, of which no note"},
      {with_note("tagged.lever", kId, "tagged.other"), "it has the gadget tagged.lever 1.0.0, of which no"},
      {with_note("tagged.lever", kVersion, "2.0.0"), "it has the gadget tagged.lever 1.0.0, of which no"}};
  for (const auto& copy : copies) {
    const TempFolder folder;
    folder.write("differs.kindred.so", copy.bytes);
    const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
    ASSERT_EQ(catalog.rejected().size(), 1U) << copy.words;
    const auto& refusal = catalog.rejected()[0];
    EXPECT_EQ(refusal.code, "KDP010");
    EXPECT_EQ(refusal.phase, "load");
    EXPECT_THAT(refusal.message, HasSubstr("a descriptor that differs from its notes: "));
    EXPECT_THAT(refusal.message, HasSubstr(copy.words));
    EXPECT_TRUE(catalog.components().empty());
  }
}

TEST(Registration, RefusesANoteOfAComponentThatIsNotThere) {
  const auto more = offer_note("gadget", "tagged.crank", "1.0.0", "");
  const std::string note(reinterpret_cast<const char*>(&more), sizeof more);
  const TempFolder folder;
  folder.write("more.kindred.so", testing::with_more_notes(read_bytes(fixture_file("tag_same")), note));
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  EXPECT_EQ(catalog.rejected()[0].code, "KDP010");
  EXPECT_THAT(catalog.rejected()[0].message,
              HasSubstr("a note offers the gadget tagged.crank 1.0.0, which it has not"));
}

TEST(Registration, NotesThatContradictThemselvesAreRefusedBeforeAnyCodeRuns) {
  const TempFolder folder;
  const auto trace = folder / "trace";
  const testing::ScopedVariable variable("KINDRED_TEST_TRACE", trace.c_str());
  folder.write("no_id.kindred.so", with_note("tagged.lever", offsetof(kindred_offer_note, id), "Lever"));
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  ASSERT_EQ(catalog.rejected().size(), 1U);
  EXPECT_EQ(catalog.rejected()[0].code, "KDP017");
  EXPECT_FALSE(std::filesystem::exists(trace));
}

}  // namespace
}  // namespace kindred::host
