#include "host/base/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// 0 where it is not known: there may be more processors than the mask has room for.
int64_t processors_of_affinity() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  return ::sched_getaffinity(0, sizeof(mask), &mask) == 0 ? CPU_COUNT(&mask) : 0;
}

int64_t rounded_up(double quota, double period) {
  return quota > 0 && period > 0 ? std::max<int64_t>(1, static_cast<int64_t>(std::ceil(quota / period))) : 0;
}

/// The smaller of two numbers of which 0 means none.
int64_t smaller(int64_t a, int64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

/// What falls to this process where a launcher has begun several on this machine, which torchrun and mpirun
/// say; 0 where it has begun one.
int64_t share_of_machine(int64_t quota) {
  for (const auto* name : {"LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"}) {
    const auto* const text = std::getenv(name);
    const auto processes = text == nullptr ? 0 : std::atoll(text);
    const auto all = smaller(static_cast<int64_t>(std::thread::hardware_concurrency()), quota);
    if (processes > 1 && all > 0) return std::max<int64_t>(1, all / processes);
  }
  return 0;
}

/// "max 100000", or "150000 100000" for one and a half processors.
int64_t quota_of_group(const fs::path& folder) {
  std::ifstream file(folder / "cpu.max");
  double quota = 0, period = 0;
  return file >> quota >> period ? rounded_up(quota, period) : 0;
}

int64_t quota_of_version_1(const fs::path& folder) {
  std::ifstream quota_file(folder / "cpu.cfs_quota_us"), period_file(folder / "cpu.cfs_period_us");
  double quota = 0, period = 0;  // a quota of -1 is none
  return quota_file >> quota && period_file >> period ? rounded_up(quota, period) : 0;
}

/// Of a group and of all above it, up to the one that `mount` itself is.
int64_t quota_up_to_root(const fs::path& mount, fs::path group) {
  int64_t fewest = quota_of_group(mount);
  for (group = group.relative_path(); !group.empty(); group = group.parent_path())
    fewest = smaller(fewest, quota_of_group(mount / group));
  return fewest;
}

}  // namespace

int64_t processors_of_quota(const std::string& cgroup_file, const std::string& mount) {
  std::ifstream file(cgroup_file);
  int64_t fewest = 0;
  for (std::string line; std::getline(file, line);) {
    // "0::/path" for version 2, "4:cpu,cpuacct:/path" for version 1.
    const auto first = line.find(':'),
               second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) {
      fewest = smaller(fewest, quota_up_to_root(mount, path));
    } else if (controllers == "cpu" || controllers == "cpu,cpuacct") {
      // In a container the path is often that of the machine, and the files are those of the mount.
      const auto folder = fs::path(mount) / controllers;
      fewest = smaller(
          fewest, smaller(quota_of_version_1(folder), quota_of_version_1(folder / path.relative_path())));
    }
  }
  return fewest;
}

int64_t usable_processors() {
  static const int64_t processors = [] {
    const auto quota = processors_of_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    const auto all = smaller(smaller(processors_of_affinity(), quota), share_of_machine(quota));
    return all > 0 ? all : std::max<int64_t>(1, std::thread::hardware_concurrency());
  }();
  return processors;
}

}  // namespace kindred::host
