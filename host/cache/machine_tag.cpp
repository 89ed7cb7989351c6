#include "host/cache/machine_tag.hpp"

#include <unistd.h>

#include <fstream>
#include <random>

#include "host/base/content_hash.hpp"
#include "host/base/system_info.hpp"
#include "host/cache/entry_files.hpp"

namespace kindred::host {
namespace {

/// A name that the kernel gives itself when it boots; else one that this process draws.
std::string boot_name() {
  std::string name;
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  if (std::getline(file, name) && !name.empty()) return name;
  std::random_device random;
  return std::to_string(::getpid()) + " " + std::to_string(random()) + " " + std::to_string(random());
}

std::string made_tag() {
  ContentHash hash;
  hash.add(boot_name() + " " + name_of_machine());
  return hash.hex().substr(0, kMachineDigits);
}

}  // namespace

std::string machine_tag() {
  static const auto tag = made_tag();
  return tag;
}

}  // namespace kindred::host
