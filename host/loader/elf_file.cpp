#include "host/loader/elf_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

/// The linker puts the ELF header of the binary that is being linked here: what this host is.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker names it
extern "C" const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

namespace kindred::host {

namespace {

constexpr const char *kNotShared = "KDP001", *kNoTag = "KDP002", *kCutOff = "KDP014",
                     *kOtherMachine = "KDP015", *kTwoTags = "KDP016", *kBadNote = "KDP017",
                     *kLongNote = "KDP019";
constexpr size_t kMaxSegments = 512;
constexpr size_t kMaxDynamic = 4096;  // entries; a plugin has about thirty
constexpr size_t kMaxName = 4096;     // of a library that is needed

class File {
 public:
  explicit File(const std::string& path) {
    // A pipe or a device must not block the scan.
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0)
      throw ElfRefusal(kNotShared, std::string("cannot be opened: ") + std::strerror(errno));
    struct stat status {};
    const bool regular = fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    if (!regular) {
      close(descriptor_);
      throw ElfRefusal(kNotShared, "is not a regular file");
    }
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool holds(uint64_t offset, uint64_t size) const { return offset <= size_ && size <= size_ - offset; }

  void read(uint64_t offset, void* out, size_t size) const {
    if (!holds(offset, size)) {
      throw ElfRefusal(kCutOff, "is cut off: " + std::to_string(size_) + " bytes, but its headers speak of " +
                                    std::to_string(offset) + " + " + std::to_string(size));
    }
    auto* bytes = static_cast<char*>(out);
    for (size_t done = 0; done < size;) {
      const auto got = pread(descriptor_, bytes + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw ElfRefusal(kCutOff, "cannot be read to its end");
      done += static_cast<size_t>(got);
    }
  }

 private:
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

ElfW(Ehdr) read_header(const File& file) {
  const auto& own = __ehdr_start;
  ElfW(Ehdr) header;
  if (!file.holds(0, sizeof header)) throw ElfRefusal(kNotShared, "is too short for an ELF file");
  file.read(0, &header, sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) throw ElfRefusal(kNotShared, "is not an ELF file");
  if (header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] || header.e_ident[EI_DATA] != own.e_ident[EI_DATA]) {
    throw ElfRefusal(kOtherMachine, "is an ELF file of another word size or byte order");
  }
  if (header.e_machine != own.e_machine) {
    throw ElfRefusal(kOtherMachine, "is built for " + machine_name(header.e_machine) +
                                        ", this host runs on " + machine_name(own.e_machine));
  }
  if (header.e_type != ET_DYN) throw ElfRefusal(kNotShared, "is an ELF file but not a shared object");
  if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum == 0 || header.e_phnum > kMaxSegments) {
    throw ElfRefusal(kNotShared, "has a malformed ELF header");
  }
  return header;
}

uint32_t word(const std::vector<char>& bytes, size_t offset) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// A note may be longer than what this host knows of it, within reason.
void check_note_size(const std::string& what, size_t size, size_t expected) {
  if (size < expected) {
    throw ElfRefusal(kBadNote, what + " has " + std::to_string(size) + " bytes, at least " +
                                   std::to_string(expected) + " were expected");
  }
  if (size > kLongestNote) {
    throw ElfRefusal(kLongNote, what + " has " + std::to_string(size) + " bytes, at most " +
                                    std::to_string(kLongestNote) + " are accepted");
  }
}

kindred_build_tag tag_of(const std::vector<char>& notes, size_t offset, size_t size) {
  kindred_build_tag tag{};
  check_note_size("its build tag", size, sizeof tag);
  std::memcpy(&tag, notes.data() + offset, sizeof tag);
  if (tag.size != size) throw ElfRefusal(kBadNote, "its build tag contradicts itself about its size");
  tag.sdk_version[sizeof tag.sdk_version - 1] = '\0';
  tag.compiler[sizeof tag.compiler - 1] = '\0';
  make_printable(tag.sdk_version);
  make_printable(tag.compiler);
  return tag;
}

kindred_offer_note offer_of(const std::vector<char>& notes, size_t offset, size_t size) {
  kindred_offer_note offer{};
  check_note_size("a note of what it offers", size, sizeof offer);
  std::memcpy(&offer, notes.data() + offset, sizeof offer);
  for (char* end : {&offer.kind[sizeof offer.kind - 1], &offer.id[sizeof offer.id - 1],
                    &offer.version[sizeof offer.version - 1], &offer.summary[sizeof offer.summary - 1]}) {
    *end = '\0';
  }
  for (char* text : {offer.kind, offer.id, offer.version, offer.summary}) make_printable(text);
  return offer;
}

/// Adds what one PT_NOTE segment says. Notes of gABI alignment 4; other alignments hold other notes
/// (.note.gnu.property has 8).
void collect_notes(const std::vector<char>& notes, std::vector<kindred_build_tag>& tags,
                   std::vector<kindred_offer_note>& offers) {
  constexpr size_t kHead = 12;
  const auto padded = [](uint64_t size) { return (size + 3) & ~uint64_t{3}; };
  for (size_t at = 0; at + kHead <= notes.size();) {
    const uint64_t name_size = word(notes, at), payload_size = word(notes, at + 4);
    const uint64_t payload = at + kHead + padded(name_size);
    if (payload + payload_size > notes.size()) throw ElfRefusal(kBadNote, "its ELF notes are malformed");
    if (name_size == 3 && std::memcmp(notes.data() + at + kHead, "KD", 3) == 0) {
      const auto type = word(notes, at + 8);
      if (type == KINDRED_NOTE_TAG) tags.push_back(tag_of(notes, payload, payload_size));
      if (type == KINDRED_NOTE_OFFER) offers.push_back(offer_of(notes, payload, payload_size));
    }
    at = std::min<uint64_t>(payload + padded(payload_size), notes.size());
  }
}

/// Where the dynamic linker would find the byte at `address`, in the file.
uint64_t file_offset_of(uint64_t address, const std::vector<ElfW(Phdr)>& segments) {
  for (const auto& one : segments) {
    if (one.p_type == PT_LOAD && address >= one.p_vaddr && address - one.p_vaddr < one.p_filesz) {
      return one.p_offset + (address - one.p_vaddr);
    }
  }
  throw ElfRefusal(kNotShared, "has a malformed dynamic section");
}

std::string name_at(const File& file, uint64_t offset, uint64_t room) {
  std::string name(std::min<uint64_t>(room, kMaxName), '\0');
  file.read(offset, name.data(), name.size());
  const auto end = name.find('\0');
  if (end == std::string::npos) throw ElfRefusal(kNotShared, "has a malformed dynamic section");
  name.resize(end);
  make_printable(name.data());
  return name;
}

/// DT_NEEDED of the segment PT_DYNAMIC; nothing where there is none.
std::vector<std::string> needed_libraries(const File& file, const std::vector<ElfW(Phdr)>& segments) {
  const auto dynamic = std::find_if(segments.begin(), segments.end(),
                                    [](const ElfW(Phdr) & one) { return one.p_type == PT_DYNAMIC; });
  if (dynamic == segments.end()) return {};
  const auto count = dynamic->p_filesz / sizeof(ElfW(Dyn));
  if (count > kMaxDynamic) throw ElfRefusal(kNotShared, "has a malformed dynamic section");
  std::vector<ElfW(Dyn)> entries(count);
  file.read(dynamic->p_offset, entries.data(), count * sizeof(ElfW(Dyn)));
  uint64_t table = 0, size = 0;
  std::vector<uint64_t> places;
  for (const auto& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_STRTAB) table = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) size = entry.d_un.d_val;
    if (entry.d_tag == DT_NEEDED) places.push_back(entry.d_un.d_val);
  }
  std::vector<std::string> names;
  for (const auto place : places) {
    if (place >= size) throw ElfRefusal(kNotShared, "has a malformed dynamic section");
    names.push_back(name_at(file, file_offset_of(table, segments) + place, size - place));
  }
  return names;
}

}  // namespace

void make_printable(char* text) {
  for (; *text != '\0'; ++text) {
    if (*text < ' ' || *text > '~') *text = '?';
  }
}

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_386:
      return "x86";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "arm";
    case EM_PPC64:
      return "ppc64";
    case EM_RISCV:
      return "riscv";
    default:
      return "machine " + std::to_string(machine);
  }
}

PluginNotes read_notes(const std::string& path) {
  const File file(path);
  const auto header = read_header(file);
  const uint64_t sections = uint64_t{header.e_shnum} * header.e_shentsize;
  if (header.e_shoff != 0 && !file.holds(header.e_shoff, sections)) throw ElfRefusal(kCutOff, "is cut off");

  std::vector<ElfW(Phdr)> segments(header.e_phnum);
  file.read(header.e_phoff, segments.data(), segments.size() * sizeof(ElfW(Phdr)));
  std::vector<kindred_build_tag> tags;
  std::vector<kindred_offer_note> offers;
  size_t total = 0;
  for (const auto& segment : segments) {
    if (segment.p_type == PT_LOAD && !file.holds(segment.p_offset, segment.p_filesz)) {
      throw ElfRefusal(kCutOff, "is cut off");
    }
    if (segment.p_type != PT_NOTE || segment.p_align > 4) continue;
    if (segment.p_filesz > kLongestNotes - total) {
      throw ElfRefusal(kLongNote, "its ELF notes have " + std::to_string(total + segment.p_filesz) +
                                      " bytes or more, at most " + std::to_string(kLongestNotes) +
                                      " are accepted");
    }
    total += segment.p_filesz;
    std::vector<char> notes(segment.p_filesz);
    file.read(segment.p_offset, notes.data(), notes.size());
    collect_notes(notes, tags, offers);
  }
  if (tags.empty()) {
    const auto& some = offers.empty() ? "" : std::string(offers.front().kind) + " " + offers.front().id;
    throw ElfRefusal(kNoTag, some.empty() ? "it carries no build tag"
                                          : "it offers the " + some +
                                                " and carries no build tag, so none of its sources has "
                                                "KINDRED_PLUGIN(\"id\", \"version\", \"license\", "
                                                "\"summary\")");
  }
  if (tags.size() > 1)
    throw ElfRefusal(kTwoTags, "it carries " + std::to_string(tags.size()) + " build tags");
  return {tags.front(), std::move(offers), needed_libraries(file, segments)};
}

}  // namespace kindred::host
