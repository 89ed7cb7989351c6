// What kindred_add_plugin and the macros of the SDK make of sources, read from the files.
#include <gmock/gmock.h>

#include <set>
#include <string>

#include "fixture_plugins.hpp"
#include "plugin_bytes.hpp"

namespace kindred::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

/// A section by its name.
struct Section {
  std::string name;
  Elf64_Shdr header;
};

std::vector<Section> sections_of(const std::string& bytes) {
  const auto header = record_at<Elf64_Ehdr>(bytes, 0);
  const auto all = records_at<Elf64_Shdr>(bytes, header.e_shoff, header.e_shnum);
  std::vector<Section> sections;
  for (const auto& one : all) {
    sections.push_back({bytes.c_str() + all.at(header.e_shstrndx).sh_offset + one.sh_name, one});
  }
  return sections;
}

/// Names of the symbols that the dynamic linker shows to others.
std::set<std::string> exported_symbols(const std::string& bytes) {
  const auto sections = sections_of(bytes);
  std::set<std::string> names;
  for (const auto& one : sections) {
    if (one.header.sh_type != SHT_DYNSYM) continue;
    const auto texts = sections.at(one.header.sh_link).header.sh_offset;
    for (const auto& symbol :
         records_at<Elf64_Sym>(bytes, one.header.sh_offset, one.header.sh_size / sizeof(Elf64_Sym))) {
      const bool local = ELF64_ST_BIND(symbol.st_info) == STB_LOCAL;
      if (!local && symbol.st_shndx != SHN_UNDEF) names.insert(bytes.c_str() + texts + symbol.st_name);
    }
  }
  return names;
}

std::vector<std::string> section_names(const std::string& bytes) {
  std::vector<std::string> names;
  for (const auto& one : sections_of(bytes)) names.push_back(one.name);
  return names;
}

uint64_t dynamic_flags(const std::string& bytes) {
  for (const auto place : segments_of_type(bytes, PT_DYNAMIC)) {
    const auto segment = record_at<Elf64_Phdr>(bytes, place);
    for (const auto& entry :
         records_at<Elf64_Dyn>(bytes, segment.p_offset, segment.p_filesz / sizeof(Elf64_Dyn))) {
      if (entry.d_tag == DT_FLAGS_1) return entry.d_un.d_val;
    }
  }
  return 0;
}

TEST(PluginFile, IsNeverUnloaded) {
  for (const auto* name : {"good", "tag_same", "conflicting_1"}) {
    EXPECT_NE(dynamic_flags(read_bytes(fixture_file(name))) & DF_1_NODELETE, 0U) << name;
  }
}

TEST(PluginFile, ExportsOneSymbol) {
  for (const auto* name : {"good", "tag_same", "conflicting_1"}) {
    EXPECT_THAT(exported_symbols(read_bytes(fixture_file(name))), ElementsAre("kindred_plugin_v1")) << name;
  }
}

// The names of docs/design/abi.md: with another one every plugin there is would be refused.
TEST(PluginFile, HasItsNotesAndComponentsInTheirSections) {
  const auto bytes = read_bytes(fixture_file("good"));
  EXPECT_THAT(section_names(bytes), Contains(".note.kindred"));
  EXPECT_THAT(section_names(bytes), Contains("kindred_components"));
  EXPECT_EQ(bytes.compare(note_at(bytes, KINDRED_NOTE_TAG) + 12, 4, std::string("KD\0\0", 4)), 0);
}

}  // namespace
}  // namespace kindred::testing
