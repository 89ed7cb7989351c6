#include "host/loader/elf_file.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstddef>
#include <string>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/abi/build_tag.hpp"
#include "plugin_bytes.hpp"

namespace kindred::host {
namespace {

using ::testing::Contains;
using testing::fixture_file;
using ::testing::HasSubstr;
using testing::note_at;
using testing::read_bytes;
using testing::record_at;
using testing::segments_of;
using testing::segments_of_type;
using testing::TempFolder;
using testing::with;

/// What loading a folder with this one file reports.
RejectedPlugin refusal_of(const std::string& bytes) {
  const TempFolder folder;
  folder.write("broken.kindred.so", bytes);
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  EXPECT_TRUE(catalog.plugins().empty());
  EXPECT_EQ(catalog.rejected().size(), 1U);
  return catalog.rejected().empty() ? RejectedPlugin{} : catalog.rejected().front();
}

void expect_not_a_plugin_file(const std::string& bytes, const std::string& words,
                              const std::string& code = "KDP001") {
  const auto refusal = refusal_of(bytes);
  EXPECT_EQ(refusal.code, code);
  EXPECT_EQ(refusal.phase, "gate");
  EXPECT_THAT(refusal.message, HasSubstr(words));
  EXPECT_THAT(refusal.message, HasSubstr("broken.kindred.so"));
}

TEST(ElfFile, ReadsTheTagOfAPlugin) {
  const auto tag = read_notes(fixture_file("tag_epoch")).tag;
  EXPECT_EQ(tag.cxx_epoch, KINDRED_CXX_EPOCH + 1U);
  EXPECT_EQ(tag.abi_major, KINDRED_ABI_MAJOR);
}

TEST(ElfFile, ReadsWhatAPluginOffers) {
  const auto offers = read_notes(fixture_file("tag_same")).offers;
  ASSERT_EQ(offers.size(), 2U);
  for (const auto& one : offers) {
    const bool plugin = std::string(one.kind) == "plugin";
    EXPECT_STREQ(one.id, plugin ? "tagged" : "tagged.lever");
    EXPECT_STREQ(one.version, "1.0.0");
    EXPECT_STREQ(one.summary, plugin ? "A plugin with another build tag" : "Does nothing");
  }
}

TEST(ElfFile, RefusesWhatIsNoElfFile) {
  expect_not_a_plugin_file("", "too short");
  expect_not_a_plugin_file("hello", "too short");
  expect_not_a_plugin_file(std::string(5000, 'x'), "is not an ELF file");
}

TEST(ElfFile, RefusesAnotherMachineOrKindOfFile) {
  const auto good = read_bytes(fixture_file("tag_same"));
  const auto machine = offsetof(Elf64_Ehdr, e_machine);
  expect_not_a_plugin_file(with(good, machine, uint16_t{EM_RISCV}), "is built for riscv", "KDP015");
  expect_not_a_plugin_file(with(good, machine, uint16_t{0x4242}), "is built for machine 16962", "KDP015");
  expect_not_a_plugin_file(with(good, EI_CLASS, char{ELFCLASS32}), "word size", "KDP015");
  expect_not_a_plugin_file(with(good, EI_DATA, char{ELFDATA2MSB}), "byte order", "KDP015");
  expect_not_a_plugin_file(with(good, offsetof(Elf64_Ehdr, e_type), uint16_t{ET_EXEC}),
                           "not a shared object");
  expect_not_a_plugin_file(with(good, offsetof(Elf64_Ehdr, e_phnum), uint16_t{0}), "malformed ELF header");
  expect_not_a_plugin_file(with(good, offsetof(Elf64_Ehdr, e_phentsize), uint16_t{1}),
                           "malformed ELF header");
}

TEST(ElfFile, RefusesAFileThatIsCutOffAnywhere) {
  const auto good = read_bytes(fixture_file("tag_same"));
  ASSERT_GT(good.size(), 1000U);
  for (size_t size : {size_t{63}, size_t{64}, size_t{100}, size_t{500}, good.size() / 3, good.size() / 2,
                      good.size() - 1}) {
    const auto refusal = refusal_of(good.substr(0, size));
    EXPECT_EQ(refusal.code, size < 64 ? "KDP001" : "KDP014")
        << size << " of " << good.size() << " bytes: " << refusal.message;
  }
  expect_not_a_plugin_file(good.substr(0, good.size() / 2), "is cut off", "KDP014");
}

TEST(ElfFile, RefusesOffsetsThatPointNowhere) {
  const auto good = read_bytes(fixture_file("tag_same"));
  const auto far = ~uint64_t{0} - 8;  // plus any size, it wraps around
  expect_not_a_plugin_file(with(good, offsetof(Elf64_Ehdr, e_phoff), far), "is cut off", "KDP014");
  expect_not_a_plugin_file(with(good, offsetof(Elf64_Ehdr, e_shoff), far), "is cut off", "KDP014");
  for (const auto segment : segments_of_type(good, PT_LOAD)) {
    expect_not_a_plugin_file(with(good, segment + offsetof(Elf64_Phdr, p_offset), far), "is cut off",
                             "KDP014");
    expect_not_a_plugin_file(with(good, segment + offsetof(Elf64_Phdr, p_filesz), far), "is cut off",
                             "KDP014");
  }
}

void expect_refused(const std::string& bytes, const std::string& words, const std::string& code) {
  const auto refusal = refusal_of(bytes);
  EXPECT_EQ(refusal.code, code) << refusal.message;
  EXPECT_EQ(refusal.phase, "gate");
  EXPECT_THAT(refusal.message, HasSubstr(words));
  EXPECT_THAT(refusal.message, HasSubstr("kindred_add_plugin"));
}

TEST(ElfFile, RefusesAMalformedTag) {
  const auto good = read_bytes(fixture_file("tag_same"));
  const auto note = note_at(good, KINDRED_NOTE_TAG);
  expect_refused(with(good, note + 4, uint32_t{8}), "has 8 bytes, at least 80", "KDP017");
  expect_refused(with(good, note + 4, uint32_t{0xFFFFFFFF}), "malformed", "KDP017");
  expect_refused(with(good, note, uint32_t{0xFFFFFFF0}), "malformed", "KDP017");
  expect_refused(with(good, note + 8, uint32_t{2}), "what it offers has 80 bytes, at least 256", "KDP017");
  expect_refused(with(good, note + 8, uint32_t{7}), "no build tag", "KDP002");
  expect_refused(with(good, note + 16, uint32_t{4}), "contradicts itself", "KDP017");
}

/// `bytes` whose segment of notes ends `size` bytes behind the head of the note at `note`, which then is the
/// last one and `size` bytes long.
std::string with_last_note(const std::string& bytes, size_t note, uint32_t size) {
  const auto payload = note + testing::kNoteHead;
  const auto segments = segments_of(bytes, [&](const Elf64_Phdr& one) {
    return one.p_type == PT_NOTE && one.p_offset <= note && note < one.p_offset + one.p_filesz;
  });
  if (segments.size() != 1) throw std::runtime_error("the note is in no segment");
  const auto first = record_at<Elf64_Phdr>(bytes, segments[0]).p_offset;
  const auto padded = with(bytes + std::string(size, '\0'), note + 4, size);
  return with(padded, segments[0] + offsetof(Elf64_Phdr, p_filesz), uint64_t{payload + size - first});
}

TEST(ElfFile, RefusesANoteThatIsTooLong) {
  const auto good = read_bytes(fixture_file("tag_same"));
  const auto tag = note_at(good, KINDRED_NOTE_TAG);
  const auto longest = with(with_last_note(good, tag, kLongestNote), tag + testing::kNoteHead,
                            static_cast<uint32_t>(kLongestNote));
  const TempFolder folder;
  EXPECT_EQ(read_notes(folder.write("longest.kindred.so", longest)).tag.size, kLongestNote);
  expect_refused(with_last_note(good, tag, kLongestNote + 1), "tag has 4097 bytes, at most 4096", "KDP019");

  const auto offer = note_at(good, KINDRED_NOTE_OFFER, "tagged.lever");
  expect_refused(with_last_note(good, offer, kLongestNote + 1), "offers has 4097 bytes, at most 4096",
                 "KDP019");
}

TEST(ElfFile, RefusesNotesThatAreTooLongTogether) {
  const auto good = read_bytes(fixture_file("tag_same"));
  size_t own = 0;
  for (const auto place : segments_of_type(good, PT_NOTE)) {
    const auto segment = record_at<Elf64_Phdr>(good, place);
    if (segment.p_align <= 4) own += segment.p_filesz;
  }
  const auto with_empty_notes = [&](size_t size) {
    return testing::with_more_notes(good, std::string(size, '\0'));
  };
  const TempFolder folder;
  const auto longest = folder.write("longest.kindred.so", with_empty_notes(kLongestNotes - own));
  EXPECT_EQ(read_notes(longest).offers.size(), 2U);
  expect_refused(with_empty_notes(kLongestNotes - own + 1), "its ELF notes have", "KDP019");
  expect_refused(with_empty_notes(kLongestNotes + 1), "bytes or more, at most 1048576", "KDP019");
}

TEST(ElfFile, ReadsWhichLibrariesAPluginNeeds) {
  EXPECT_THAT(read_notes(fixture_file("good")).needed, Contains(HasSubstr("libtorch_cpu.so")));
  EXPECT_THAT(read_notes(fixture_file("other_torch")).needed, Contains("libtorch_cpu.so.9"));
}

TEST(ElfFile, RefusesAMalformedListOfLibraries) {
  const auto good = read_bytes(fixture_file("tag_same"));
  const auto dynamic = segments_of_type(good, PT_DYNAMIC);
  ASSERT_EQ(dynamic.size(), 1U);
  const auto far = ~uint64_t{0} - 8;
  expect_not_a_plugin_file(with(good, dynamic[0] + offsetof(Elf64_Phdr, p_filesz), far),
                           "malformed dynamic section");
  expect_not_a_plugin_file(with(good, dynamic[0] + offsetof(Elf64_Phdr, p_offset), far), "is cut off",
                           "KDP014");
  const auto first = record_at<Elf64_Phdr>(good, dynamic[0]).p_offset;
  const auto entry_of = [&](int64_t tag) {
    auto place = first;
    while (record_at<Elf64_Dyn>(good, place).d_tag != tag) place += sizeof(Elf64_Dyn);
    return place + offsetof(Elf64_Dyn, d_un);
  };
  for (const auto tag : {DT_NEEDED, DT_STRTAB, DT_STRSZ}) {
    const auto value = tag == DT_STRSZ ? uint64_t{0} : far;
    expect_not_a_plugin_file(with(good, entry_of(tag), value), "malformed dynamic section");
  }
}

TEST(ElfFile, RefusesALibraryWithoutATagOrWithTwo) {
  for (const auto* name : {"no_note", "two_notes"}) {
    const auto catalog = Catalog::load(std::vector<std::string>{testing::fixture_folder(name)});
    ASSERT_EQ(catalog.rejected().size(), 1U) << name;
    EXPECT_EQ(catalog.rejected()[0].code, std::string(name) == "no_note" ? "KDP002" : "KDP016");
    EXPECT_EQ(catalog.rejected()[0].phase, "gate");
    EXPECT_THAT(catalog.rejected()[0].message,
                HasSubstr(std::string(name) == "no_note" ? "carries no build tag" : "carries 2 build tags"));
  }
}

TEST(ElfFile, DoesNotWaitForAPipe) {
  const TempFolder folder;
  const auto path = folder / "pipe.kindred.so";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_THROW(read_notes(path), ElfRefusal);
}

TEST(ElfFile, NamesMachines) {
  EXPECT_EQ(machine_name(EM_X86_64), "x86-64");
  EXPECT_EQ(machine_name(EM_AARCH64), "aarch64");
  EXPECT_EQ(machine_name(60000), "machine 60000");
}

}  // namespace
}  // namespace kindred::host
