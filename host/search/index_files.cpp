#define XXH_INLINE_ALL
#include "host/search/index_files.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kManifest = "index.json";
constexpr const char* kFormat = "kindred exact index";
constexpr int64_t kVersion = 1;

std::string distance_name(Distance distance) {
  for (const auto& name : distance_names()) {
    if (distance_from_name(name).kind == distance.kind) return name;
  }
  return "lp";
}

/// 64-bit XXH3 of the numbers, as 16 hexadecimal digits: it finds flipped bits, not forgery.
std::string hash_of_rows(const at::Tensor& rows) {
  return fmt::format("{:016x}", static_cast<uint64_t>(XXH3_64bits(
                                    rows.data_ptr(), static_cast<size_t>(rows.numel()) * sizeof(float))));
}

fs::path rows_file(const fs::path& folder, const std::string& hash) {
  return folder / ("rows-" + hash + ".npy");
}

/// The file of rows of an index that another one replaced.
void remove_other_rows(const fs::path& folder, const fs::path& current) {
  std::error_code ignored;  // a file that stays costs space alone
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto name = entry.path().filename().string();
    if (name.rfind("rows-", 0) == 0 && entry.path().extension() == ".npy" && entry.path() != current) {
      fs::remove(entry.path(), ignored);
    }
  }
}

/// What index.json says.
struct Manifest {
  Distance distance = Distance::cosine;
  int64_t rows = 0, dimension = 0;
  std::string hash;
};

Distance distance_of(const json& document, const std::string& path) {
  const auto name = document.at("distance").get<std::string>();
  if (name == "lp") return {Distance::lp, document.at("p").get<double>()};
  try {
    return distance_from_name(name);
  } catch (const Error& error) {
    throw Error(fmt::format("{} cannot be used: {}", path, error.what()));
  }
}

Manifest read_manifest(const std::string& path) {
  const auto text = read_file(path);
  try {
    const auto document = json::parse(text);
    if (document.at("format") != kFormat) {
      throw Error(fmt::format("{} is no index of this program: its format is {}, not \"{}\"", path,
                              json_text(document.at("format")), kFormat));
    }
    if (document.at("version") != kVersion) {
      throw Error(
          fmt::format("{} has version {} of the format of an index, and this program knows version {}; make "
                      "the index again, or use the program that made it",
                      path, json_text(document.at("version")), kVersion));
    }
    return {distance_of(document, path), document.at("rows").get<int64_t>(),
            document.at("dimension").get<int64_t>(), document.at("hash").get<std::string>()};
  } catch (const json::exception& error) {
    throw Error(fmt::format("{} is damaged or does not describe an index: {}; make the index again", path,
                            error.what()));
  }
}

}  // namespace

std::string distance_text(Distance distance) {
  return distance.kind == Distance::lp ? fmt::format("lp with p = {}", distance.p) : distance_name(distance);
}

void write_index_files(const std::string& folder, const StoredIndex& index) {
  const fs::path place(folder);
  std::error_code failure;
  fs::create_directories(place, failure);
  if (!fs::is_directory(place)) {
    throw Error(fmt::format("cannot make the folder {} for an index: {}", folder,
                            failure ? failure.message() : "there is a file of that name"));
  }
  if (!fs::is_empty(place) && !fs::exists(place / kManifest)) {
    throw Error(
        fmt::format("{} has files and no {}, so it is no index; an index is written into a folder of its own",
                    folder, kManifest));
  }
  const auto rows = index.rows.to(at::kCPU).contiguous();
  const auto hash = hash_of_rows(rows);
  const auto file = rows_file(place, hash);
  write_npy(file.string(), rows);
  json manifest = {
      {"format", kFormat},    {"version", kVersion},       {"distance", distance_name(index.distance)},
      {"rows", rows.size(0)}, {"dimension", rows.size(1)}, {"hash", hash}};
  if (index.distance.kind == Distance::lp) manifest["p"] = index.distance.p;
  write_file_atomically((place / kManifest).string(), json_text(manifest, 2) + "\n");
  remove_other_rows(place, file);
}

StoredIndex read_index_files(const std::string& folder) {
  const fs::path place(folder);
  if (!fs::exists(place / kManifest)) {
    throw Error(fmt::format("{} is no index: it has no {}", folder, kManifest));
  }
  const auto manifest = read_manifest((place / kManifest).string());
  const auto file = rows_file(place, manifest.hash).string();
  const auto rows = map_npy(file);
  if (rows.scalar_type() != at::kFloat || rows.dim() != 2 || rows.size(0) != manifest.rows ||
      rows.size(1) != manifest.dimension || hash_of_rows(rows) != manifest.hash) {
    throw Error(
        fmt::format("{} is damaged: it does not hold the {} rows of {} numbers that {} describes; make "
                    "the index again",
                    file, manifest.rows, manifest.dimension, kManifest));
  }
  return {manifest.distance, rows};
}

}  // namespace kindred::host
