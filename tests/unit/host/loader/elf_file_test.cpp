#include "host/loader/elf_file.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/build_tag.hpp"

namespace kindred::host {
namespace {

using testing::fixture_file;
using ::testing::HasSubstr;
using testing::read_bytes;
using testing::TempFolder;

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

template <class Value>
std::string with(std::string bytes, size_t offset, Value value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
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
  Elf64_Ehdr header;
  std::memcpy(&header, good.data(), sizeof header);
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = header.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr fields;
    std::memcpy(&fields, good.data() + segment, sizeof fields);
    if (fields.p_type != PT_LOAD) continue;
    expect_not_a_plugin_file(with(good, segment + offsetof(Elf64_Phdr, p_offset), far), "is cut off",
                             "KDP014");
    expect_not_a_plugin_file(with(good, segment + offsetof(Elf64_Phdr, p_filesz), far), "is cut off",
                             "KDP014");
  }
}

TEST(ElfFile, RefusesAMalformedTag) {
  const auto good = read_bytes(fixture_file("tag_same"));
  std::string head(16, '\0');
  const uint32_t fields[] = {3, sizeof(kindred_build_tag), 1};
  std::memcpy(head.data(), fields, sizeof fields);
  std::memcpy(head.data() + sizeof fields, "KD", 3);
  const auto note = good.find(head);
  ASSERT_NE(note, std::string::npos);
  const auto expect = [&](const std::string& bytes, const std::string& words,
                          const std::string& code = "KDP017") {
    const auto refusal = refusal_of(bytes);
    EXPECT_EQ(refusal.code, code);
    EXPECT_THAT(refusal.message, HasSubstr(words));
    EXPECT_THAT(refusal.message, HasSubstr("kindred_add_plugin"));
  };
  expect(with(good, note + 4, uint32_t{8}), "has 8 bytes");
  expect(with(good, note + 4, uint32_t{0xFFFFFFFF}), "malformed");
  expect(with(good, note, uint32_t{0xFFFFFFF0}), "malformed");
  expect(with(good, note + 8, uint32_t{2}), "what it offers has 80 bytes");
  expect(with(good, note + 8, uint32_t{7}), "no build tag", "KDP002");
  expect(with(good, note + 16, uint32_t{4}), "contradicts itself");
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
