#include "host/loader/elf_file.hpp"
#include "memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kindred::fuzz::MemoryFile file(data, size);
  try {
    kindred::host::read_notes(file.path());
  } catch (const kindred::host::ElfRefusal&) {
  }
  return 0;
}
