#include "host/loader/gate.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/abi/build_tag.hpp"
#include "plugin_bytes.hpp"

namespace kindred::host {
namespace {

using testing::fixture_file;
using testing::fixture_folder;
using ::testing::HasSubstr;
using testing::ScopedVariable;
using testing::TempFolder;

TEST(Gate, TakesAPluginOfThisBuild) {
  PluginNotes notes{};
  EXPECT_FALSE(check_gate(fixture_file("good"), notes).has_value());
  EXPECT_EQ(notes.tag.size, sizeof notes.tag);
  EXPECT_EQ(notes.tag.torch_version, build_tag().torch_version);
  EXPECT_STREQ(notes.tag.sdk_version, KINDRED_SDK_VERSION);
}

TEST(Gate, TakesAnOtherCompilerOfTheSameAbi) {
  PluginNotes notes{};
  EXPECT_FALSE(check_gate(fixture_file("tag_compiler"), notes).has_value());
  EXPECT_EQ(notes.tag.compiler[0], 'X');
}

TEST(Gate, TakesAnotherPatchOfLibTorchAndAnOlderMinorBoundary) {
  const auto ours = build_tag();
  auto theirs = ours;
  theirs.torch_version = ours.torch_version / 1000 * 1000 + 999;
  EXPECT_FALSE(compare_tags("p", theirs, ours).has_value());
  auto newer_host = ours;
  newer_host.abi_minor = static_cast<uint16_t>(ours.abi_minor + 1);
  EXPECT_FALSE(compare_tags("p", ours, newer_host).has_value());
}

TEST(Gate, ShowsOnlyPrintableTextOfTheFile) {
  const auto ours = build_tag();
  auto theirs = ours;
  theirs.cxx_epoch += 1;
  theirs.compiler[0] = '\x1b';
  theirs.sdk_version[0] = '\0';
  const auto refusal = compare_tags("p", theirs, ours);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->message.find('\x1b'), std::string::npos);
  EXPECT_THAT(refusal->message, HasSubstr("SDK unknown"));
}

/// A fixture whose static constructor leaves a trace, and what its refusal must say.
struct Refusal {
  const char* fixture;
  const char* code;
  std::vector<std::string> words;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.fixture; }

class RefusedBuild : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedBuild, IsReportedAndNoneOfItsCodeRuns) {
  const TempFolder folder;
  const auto trace = folder / "trace";
  const ScopedVariable variable("KINDRED_TEST_TRACE", trace.c_str());
  const auto catalog = Catalog::load(std::vector<std::string>{fixture_folder(GetParam().fixture)});

  EXPECT_FALSE(std::filesystem::exists(trace)) << "code of the refused plugin has run";
  EXPECT_TRUE(catalog.components().empty());
  EXPECT_TRUE(catalog.plugins().empty());
  ASSERT_EQ(catalog.rejected().size(), 1U);
  const auto& refusal = catalog.rejected().front();
  EXPECT_EQ(refusal.file, fixture_file(GetParam().fixture));
  EXPECT_EQ(refusal.code, GetParam().code);
  EXPECT_EQ(refusal.phase, "gate");
  for (const auto& word : GetParam().words) EXPECT_THAT(refusal.message, HasSubstr(word));
  EXPECT_THAT(refusal.message, HasSubstr(refusal.file));
  const auto error = refusal.error();
  EXPECT_EQ(error.plugin(), refusal.file);
  EXPECT_THAT(error.what(), HasSubstr("phase gate: " + refusal.code));
}

std::string number(unsigned value) { return std::to_string(value); }
std::string ours_torch() {
  const auto version = build_tag().torch_version;
  return number(version / 1000000) + "." + number(version / 1000 % 1000);
}
std::string boundary(unsigned major, unsigned minor) { return number(major) + "." + number(minor); }

const unsigned kMajor = KINDRED_ABI_MAJOR, kMinor = KINDRED_ABI_MINOR, kEpoch = KINDRED_CXX_EPOCH;

INSTANTIATE_TEST_SUITE_P(
    Tags, RefusedBuild,
    ::testing::Values(
        Refusal{"tag_major",
                "KDP003",
                {"plugin boundary " + boundary(kMajor + 1, kMinor),
                 "this host speaks " + boundary(kMajor, kMinor), "rebuild"}},
        Refusal{"tag_minor",
                "KDP004",
                {"newer plugin boundary " + boundary(kMajor, kMinor + 1),
                 "speaks " + boundary(kMajor, kMinor), "newer host"}},
        Refusal{"tag_epoch",
                "KDP005",
                {"C++ interfaces of revision " + number(kEpoch + 1),
                 "this host has revision " + number(kEpoch), "rebuild"}},
        Refusal{"tag_torch", "KDP006", {"LibTorch 1.7", "uses LibTorch " + ours_torch(), "rebuild"}},
        Refusal{"tag_flags", "KDP007", {"_GLIBCXX_DEBUG", "this host was built with", "rebuild"}},
        Refusal{"other_torch", "KDP008", {"needs libtorch_cpu.so.9", "libtorch_cpu.so", "rebuild"}},
        Refusal{"no_note", "KDP002", {"carries no build tag", "kindred_add_plugin"}},
        Refusal{"without_plugin",
                "KDP002",
                {"it offers the gadget tagged.lever and carries no build tag, so none of its sources has "
                 "KINDRED_PLUGIN(\"id\", \"version\", \"license\", \"summary\");"}},
        Refusal{"two_notes", "KDP016", {"carries 2 build tags", "kindred_add_plugin"}}),
    [](const auto& info) { return std::string(info.param.fixture); });

/// The code of what loading `bytes` alone reports, "" when they are taken, and whether code of theirs ran.
struct Outcome {
  std::string code;
  bool ran;
};
Outcome outcome_of(const std::string& bytes, bool world_writable = false) {
  namespace fs = std::filesystem;
  const TempFolder folder;
  const auto trace = folder / "trace";
  const ScopedVariable variable("KINDRED_TEST_TRACE", trace.c_str());
  // A copy, since a library's constructors run once in a process.
  const auto file = folder.write("copy.kindred.so", bytes);
  if (world_writable) fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  EXPECT_EQ(catalog.rejected().size() + catalog.plugins().size(), 1U);
  return {catalog.rejected().empty() ? "" : catalog.rejected()[0].code, fs::exists(trace)};
}

/// The control of the test above and of the one below: what is taken does leave its trace.
TEST(Gate, CodeOfATakenPluginRuns) {
  for (const auto* name : {"tag_same", "unknown_kind"}) {  // of tagged.cpp, of by_hand.cpp
    const auto outcome = outcome_of(testing::read_bytes(fixture_file(name)));
    EXPECT_EQ(outcome.code, "") << name;
    EXPECT_TRUE(outcome.ran) << name;
  }
}

TEST(Gate, CodeOfADamagedOrForeignCopyDoesNotRun) {
  using testing::with;
  const auto good = testing::read_bytes(fixture_file("tag_same"));
  const auto tag = testing::note_at(good, KINDRED_NOTE_TAG);
  const struct {
    std::string bytes, code;
  } copies[] = {{good.substr(0, good.size() - 1), "KDP014"},
                {good.substr(0, good.size() / 2), "KDP014"},
                {with(good, offsetof(Elf64_Ehdr, e_machine), uint16_t{EM_RISCV}), "KDP015"},
                {with(good, EI_CLASS, char{ELFCLASS32}), "KDP015"},
                {with(good, offsetof(Elf64_Ehdr, e_type), uint16_t{ET_EXEC}), "KDP001"},
                {with(good, tag + 4, uint32_t{8}), "KDP017"},
                {with(good, tag + 8, uint32_t{7}), "KDP002"}};
  for (const auto& copy : copies) {
    const auto outcome = outcome_of(copy.bytes);
    EXPECT_EQ(outcome.code, copy.code);
    EXPECT_FALSE(outcome.ran) << copy.code;
  }
  const auto writable = outcome_of(good, true);
  EXPECT_EQ(writable.code, "KDP018");
  EXPECT_FALSE(writable.ran);
}

TEST(Gate, RefusesASecondLibTorchAndNothingElse) {
  const std::vector<std::string> mapped = {"", "/torch/lib/libtorch_cpu.so.1.13", "/torch/lib/libc10.so"};
  const auto code_of = [&](const std::vector<std::string>& needed) {
    const auto refusal = compare_libraries("p", needed, mapped);
    return refusal ? refusal->code : "";
  };
  EXPECT_EQ(code_of({}), "");
  EXPECT_EQ(code_of({"libtorch_cpu.so.1.13", "libc10.so", "libpng16.so.16"}), "");
  EXPECT_EQ(code_of({"libtorch_cpu.so"}), "KDP008");
  EXPECT_EQ(code_of({"libpng16.so.16", "libc10.so.2"}), "KDP008");
  // A host that has mapped none, such as `host list`, gets its own later.
  EXPECT_FALSE(compare_libraries("p", {"libtorch_cpu.so"}, {"/lib/libc.so.6"}).has_value());
  const auto refusal = compare_libraries("p", {"libc10.so.2"}, mapped);
  EXPECT_THAT(refusal->message, HasSubstr("needs libc10.so.2, but this host uses /torch/lib/libc10.so"));
}

TEST(Gate, NamesTheCompilersOfAPluginThatDoesNotFit) {
  const auto ours = build_tag();
  auto theirs = ours;
  theirs.cxx_epoch += 1;
  theirs.gxx_abi = 1234;
  EXPECT_THAT(compare_tags("p", theirs, ours)->message, HasSubstr("__GXX_ABI_VERSION 1234"));
}

TEST(Gate, RefusesAFileOrFolderThatEveryUserMayWriteUnlessAllowed) {
  namespace fs = std::filesystem;
  const TempFolder folder;
  const auto file = folder / "copy.kindred.so";
  fs::copy_file(fixture_file("good"), file);
  PluginNotes notes{};
  EXPECT_FALSE(check_gate(file, notes).has_value());
  for (const auto& path : {file, folder.path()}) {
    fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
    const auto refusal = check_gate(file, notes);
    ASSERT_TRUE(refusal.has_value()) << path;
    EXPECT_EQ(refusal->code, "KDP018");
    EXPECT_THAT(refusal->message, HasSubstr("chmod o-w " + path));
    const ScopedVariable trusted("KINDRED_TRUST_WRITABLE_PLUGINS", "1");
    EXPECT_FALSE(check_gate(file, notes).has_value());
    fs::permissions(path, fs::perms::others_write, fs::perm_options::remove);
  }
}

TEST(Gate, EveryCodeIsExplainedInTheDocumentation) {
  const std::string source = KINDRED_TEST_SOURCE;
  const auto explained = testing::read_bytes(source + "/docs/errors.md");
  std::set<std::string> codes;
  for (const auto& entry : std::filesystem::directory_iterator(source + "/host/loader")) {
    const auto text = testing::read_bytes(entry.path().string());
    for (size_t at = text.find("KDP0"); at != std::string::npos; at = text.find("KDP0", at + 1)) {
      codes.insert(text.substr(at, 6));
    }
  }
  EXPECT_GE(codes.size(), 18U);
  for (const auto& code : codes) EXPECT_THAT(explained, HasSubstr("| " + code + " |"));
}

}  // namespace
}  // namespace kindred::host
