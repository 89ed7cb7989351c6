#include "host/distributed/shared_files.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "host/distributed/global_batch.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// Gives every process the bytes that rank 0 has.
std::string bytes_from_first(const std::string& mine, Communicator& communicator) {
  const bool is_first = communicator.rank() == 0;
  auto size = at::full({1}, static_cast<int64_t>(mine.size()), at::kLong);
  communicator.broadcast(size);
  auto bytes = at::empty({size.item<int64_t>()}, at::kByte);
  if (is_first && bytes.numel() > 0) std::memcpy(bytes.data_ptr<uint8_t>(), mine.data(), mine.size());
  if (bytes.numel() > 0) communicator.broadcast(bytes);
  const auto* const begin = reinterpret_cast<const char*>(bytes.data_ptr<uint8_t>());
  return {begin, begin + bytes.numel()};
}

}  // namespace

void take_files_from_first(const std::string& folder, Communicator& communicator) {
  if (communicator.size() == 1) return;
  auto names = nlohmann::json::array();
  if (communicator.rank() == 0 && fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
  }
  const auto all = nlohmann::json::parse(bytes_from_first(names.dump(), communicator));
  for (const auto& name : all) {
    const auto path = (fs::path(folder) / name.get<std::string>()).string();
    const auto bytes = bytes_from_first(communicator.rank() == 0 ? read_file(path) : "", communicator);
    if (communicator.rank() == 0) continue;
    fs::create_directories(folder);
    write_file_atomically(path, bytes);
  }
}

}  // namespace kindred::host
