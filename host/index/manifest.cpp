#include "host/index/manifest.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>

#include "kindred/abi/version.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kFormat = "kindred index";
constexpr int64_t kFormatVersion = 2;
constexpr int64_t kPlainVersion =
    1;  // of an index whose rows are what the model gives, which older programs read
constexpr int64_t kMostNumbers = 1 << 20;  // of a row

std::string plain_name(Distance distance) {
  for (const auto& name : distance_names()) {
    if (distance_from_name(name).kind == distance.kind) return name;
  }
  return "lp";
}

/// Throws Error where the numbers of an embedding, what is done to it, and the numbers of a row do not fit.
void read_change(const json& text, IndexSpace& space, const std::string& path) {
  space.model_dimension = text.at("dimension");
  space.change = {text.at("cut"), text.at("unit_length"), text.at("whiten"), text.value("mirror", false)};
  const auto& change = space.change;
  const auto left = change.cut > 0 ? change.cut : space.model_dimension;
  const bool fits = space.model_dimension >= 1 && space.model_dimension <= kMostNumbers && change.cut >= 0 &&
                    change.whiten >= 0 && left <= space.model_dimension && change.whiten <= left &&
                    space.dimension == (change.whiten > 0 ? change.whiten : left) &&
                    (change.whiten == 0 || space.unit_length());
  if (!fits) {
    throw Error(
        fmt::format("{} says that embeddings of {} numbers, cut to {} and whitened to {}, are rows of {}, "
                    "which do not fit; take it from a copy, or build the index again",
                    path, space.model_dimension, change.cut, change.whiten, space.dimension));
  }
}

void check_format(const json& text, const std::string& path) {
  if (text.at("format") != kFormat) throw Error(path + " does not describe an index of this program");
  if (text.at("version") != kPlainVersion && text.at("version") != kFormatVersion) {
    throw Error(
        fmt::format("{} has version {} of the format of an index, and this program knows versions {} to {}; "
                    "use the program that made it, or build the index again",
                    path, json_text(text.at("version")), kPlainVersion, kFormatVersion));
  }
}

}  // namespace

IndexSpace space_from_json(const json& text, const std::string& where) {
  IndexSpace space;
  space.model_name = text.at("model").at("name");
  space.model_fingerprint = text.at("model").at("fingerprint");
  space.dimension = text.at("dimension");
  space.precision = precision_from_name(text.at("precision"));
  const auto distance = text.at("distance").get<std::string>();
  space.distance =
      distance == "lp" ? Distance(Distance::lp, text.at("p").get<double>()) : distance_from_name(distance);
  if (space.dimension < 1 || space.dimension > kMostNumbers)
    throw Error(fmt::format("{} says that a row has {} numbers", where, space.dimension));
  space.model_dimension = space.dimension;
  if (text.contains("embedding")) read_change(text["embedding"], space, where);
  return space;
}

json space_json(const IndexSpace& space) {
  json text = {{"model", {{"name", space.model_name}, {"fingerprint", space.model_fingerprint}}},
               {"dimension", space.dimension},
               {"distance", plain_name(space.distance)},
               {"unit_length", space.unit_length()},
               {"precision", precision_name(space.precision)}};
  if (space.distance.kind == Distance::lp) text["p"] = space.distance.p;
  if (space.change.any()) {
    text["embedding"] = {{"dimension", space.embedding_dimension()},
                         {"cut", space.change.cut},
                         {"unit_length", space.change.unit_length},
                         {"whiten", space.change.whiten},
                         {"mirror", space.change.mirror}};
  }
  return text;
}

json to_json(const std::vector<ComponentFile>& files) {
  json list = json::array();
  for (const auto& file : files) list.push_back({{"name", file.name}, {"hash", file.hash}});
  return list;
}

std::vector<ComponentFile> files_from_json(const json& text) {
  std::vector<ComponentFile> files;
  for (const auto& file : text) files.push_back({file.at("name"), file.at("hash")});
  return files;
}

json to_json(const IndexComponent& component) {
  return {{"id", component.id},
          {"version", component.version},
          {"params", component.params},
          {"oversample", component.oversample},
          {"covered_rows", component.covered},
          {"folder", component.folder},
          {"files", to_json(component.files)}};
}

IndexComponent component_from_json(const json& text) {
  if (text.is_null()) return {};
  IndexComponent component;
  component.id = text.at("id");
  component.version = text.at("version");
  component.params = text.at("params");
  component.oversample = text.at("oversample");
  component.covered = text.at("covered_rows");
  component.folder = text.at("folder");
  component.files = files_from_json(text.at("files"));
  return component;
}

std::string precision_name(at::ScalarType precision) {
  return precision == at::kHalf ? "float16" : "float32";
}

at::ScalarType precision_from_name(const std::string& name) {
  if (name == "float16") return at::kHalf;
  if (name == "float32") return at::kFloat;
  throw Error("rows cannot be stored as \"" + name + "\"; choose float16 or float32");
}

std::string change_text(const IndexSpace& space) {
  const auto& change = space.change;
  std::string text;
  if (change.cut > 0)
    text = fmt::format("the first {} of {} numbers", change.cut, space.embedding_dimension());
  if (change.whiten > 0) {
    text += fmt::format("{}whitened to {}",
                        text.empty() ? fmt::format("{} numbers, ", space.embedding_dimension()) : ", ",
                        change.whiten);
  }
  if (change.mirror)
    text += std::string(text.empty() ? "" : ", of ") + "means of pictures and their mirror images";
  return text;
}

std::string distance_title(Distance distance) {
  return distance.kind == Distance::lp ? fmt::format("lp with p = {}", distance.p) : plain_name(distance);
}

void write_manifest(const std::string& folder, const IndexSpace& space, const IndexComponent& component,
                    const IndexCounts& counts) {
  json text = {
      {"format", kFormat},
      {"version", space.change.any() ? kFormatVersion : kPlainVersion},
      {"index", to_json(component)},
      {"counts",
       {{"items", counts.rows - counts.removed}, {"rows", counts.rows}, {"removed", counts.removed}}},
      {"written_by", {{"kindred", KINDRED_SDK_VERSION}}}};
  text.update(space_json(space));
  write_file_atomically((fs::path(folder) / kManifestFile).string(), json_text(text, 2) + "\n");
}

IndexSpace read_manifest(const std::string& folder) {
  const auto path = (fs::path(folder) / kManifestFile).string();
  if (!fs::exists(path)) {
    throw Error(fmt::format("{} is no index: {}", folder,
                            fs::is_directory(folder)
                                ? "it holds no manifest.json; make one with host index build"
                                : "there is no such folder"));
  }
  const auto text = parse_json(read_file(path));
  try {
    check_format(text, path);
    return space_from_json(text, path);
  } catch (const json::exception& error) {
    throw Error(
        fmt::format("{} is damaged or does not describe an index: {}; take it from a copy, or build "
                    "the index again",
                    path, error.what()));
  }
}

void check_model(const std::string& folder, const IndexSpace& space, const std::string& model_name,
                 const std::string& model_fingerprint) {
  if (space.model_fingerprint == model_fingerprint) return;
  if (space.model_fingerprint.empty()) {
    throw Error(
        fmt::format("nobody knows which model made the rows of the index {}, so that \"{}\" cannot be "
                    "compared with them; import them anew with --model",
                    folder, model_name));
  }
  throw Error(
      fmt::format("the index {} was made by the model \"{}\" (fingerprint {}), and this is the model "
                  "\"{}\" (fingerprint {}): what two models give cannot be compared. Use the model "
                  "of the index, or build an index with this one",
                  folder, space.model_name, space.model_fingerprint, model_name, model_fingerprint));
}

}  // namespace kindred::host
