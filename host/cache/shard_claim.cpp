#include "host/cache/shard_claim.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "host/base/system_info.hpp"
#include "host/cache/machine_tag.hpp"
#include "host/cache/new_file.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// Sets the time of a file to now, as the file system sees it.
bool touch(const std::string& path) { return ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0; }

std::optional<double> time_of_change(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
}

}  // namespace

std::string text_of(const ShardClaim& claim) {
  return json_text({{"process", claim.process},
                    {"host", claim.host},
                    {"machine", claim.machine},
                    {"pid", claim.pid},
                    {"time", claim.time}}) +
         "\n";
}

ShardClaim claim_of(const std::string& process, const std::string& machine) {
  return {process, name_of_machine(), machine, ::getpid(), static_cast<int64_t>(std::time(nullptr))};
}

bool try_claim(const std::string& path, const ShardClaim& claim) {
  return write_new_file(path, text_of(claim));
}

void replace_claim(const std::string& path, const ShardClaim& claim) {
  write_file_atomically(path, text_of(claim));
}

std::optional<ShardClaim> read_claim(const std::string& path) {
  json value;
  try {
    value = json::parse(read_file(path), nullptr, false);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!value.is_object()) return std::nullopt;
  ShardClaim claim;
  for (const auto& [name, text] : {std::pair("process", &claim.process), std::pair("host", &claim.host),
                                   std::pair("machine", &claim.machine)}) {
    if (!value.contains(name) || !value[name].is_string()) return std::nullopt;
    *text = value[name];
  }
  for (const auto& [name, number] : {std::pair("pid", &claim.pid), std::pair("time", &claim.time)}) {
    if (!value.contains(name) || !value[name].is_number_integer()) return std::nullopt;
    *number = value[name];
  }
  return claim;
}

void renew_claim(const std::string& path) { touch(path); }

double age_of(const std::string& path, const std::string& beside) {
  const auto written = time_of_change(path);
  if (!written) return -1;
  touch(beside);
  const auto now = time_of_change(beside);
  return now ? std::max(*now - *written, 0.0) : 0.0;
}

}  // namespace kindred::host
