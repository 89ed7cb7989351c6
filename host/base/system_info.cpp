#include "host/base/system_info.hpp"

#include <link.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// The text behind the first "key<anything>:" line of a /proc file.
std::string proc_value(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return {};
}

}  // namespace

int64_t peak_resident_bytes() {
  const auto text = proc_value("/proc/self/status", "VmHWM");
  return text.empty() ? 0 : std::stoll(text) * 1024;
}

int64_t resident_bytes() {
  const auto text = proc_value("/proc/self/status", "VmRSS");
  return text.empty() ? 0 : std::stoll(text) * 1024;
}

uint64_t physical_memory_bytes() {
  const auto text = proc_value("/proc/meminfo", "MemTotal");
  return text.empty() ? 0 : std::stoull(text) * 1024;
}

uint64_t available_memory_bytes() {
  const auto text = proc_value("/proc/meminfo", "MemAvailable");
  return text.empty() ? std::numeric_limits<uint64_t>::max() : std::stoull(text) * 1024;
}

uint64_t free_disk_bytes(const std::string& folder) {
  auto existing = fs::absolute(folder);
  while (!fs::exists(existing) && existing.has_parent_path()) existing = existing.parent_path();
  struct statvfs disk {};
  if (::statvfs(existing.c_str(), &disk) != 0) return std::numeric_limits<uint64_t>::max();
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

std::string cpu_model() {
  const auto text = proc_value("/proc/cpuinfo", "model name");
  return text.empty() ? "unknown" : text;
}

std::vector<std::string> cpu_features() {
  std::istringstream flags(proc_value("/proc/cpuinfo", "flags"));
  std::set<std::string> found;
  for (std::string flag; flags >> flag;) found.insert(flag);
  std::vector<std::string> features;
  for (const char* name :
       {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_bf16"}) {
    if (found.count(name)) features.emplace_back(name);
  }
  return features;
}

std::string executable_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

std::vector<std::string> mapped_libraries() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* out) {
        static_cast<std::vector<std::string>*>(out)->emplace_back(library->dlpi_name);
        return 0;
      },
      &names);
  return names;
}

std::string name_of_machine() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string utc_time_for_folder() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

}  // namespace kindred::host
