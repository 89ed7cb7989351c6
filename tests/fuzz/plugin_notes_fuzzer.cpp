#include <string>

#include "fuzz_target.hpp"
#include "host/loader/elf_file.hpp"
#include "host/loader/registration.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(plugin_notes) {
  using namespace kindred::host;
  const MemoryFile file(data, size);
  try {
    registration_of_notes(file.path(), read_notes(file.path()));
    return true;
  } catch (const ElfRefusal& refusal) {
    return refusal.code == std::string("KDP015");  // the seed is of x86-64, which this machine may not be
  } catch (const RejectedPlugin&) {
    return false;
  }
}

}  // namespace kindred::fuzz
