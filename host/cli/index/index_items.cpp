#include "host/cli/index/index_items.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "host/base/content_hash.hpp"
#include "kindred/error.hpp"
#include "kindred/io/image_names.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kSplitColumn = "split";

std::string absolute_path(const std::string& path) { return fs::absolute(path).lexically_normal().string(); }

/// A number where the text is just what writing the number gives, such as "2010"; "007" stays a text.
json column_value(const std::string& text) {
  int64_t whole = 0;
  const auto* end = text.data() + text.size();
  if (const auto [at, failed] = std::from_chars(text.data(), end, whole);
      failed == std::errc() && at == end && std::to_string(whole) == text) {
    return whole;
  }
  double number = 0;
  if (const auto [at, failed] = std::from_chars(text.data(), end, number);
      failed == std::errc() && at == end && fmt::format("{}", number) == text) {
    return number;
  }
  return text;
}

std::string text_of(const at::Tensor& bytes) {
  const auto plain = bytes.contiguous();
  return {reinterpret_cast<const char*>(plain.data_ptr<uint8_t>()), static_cast<size_t>(plain.numel())};
}

}  // namespace

std::optional<FileStamp> glance_at_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw Error(fmt::format("cannot examine {}: {}", path, std::strerror(errno)));
  }
  FileStamp stamp;
  stamp.bytes = static_cast<int64_t>(status.st_size);
  stamp.time = static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
  return stamp;
}

std::optional<FileStamp> stamp_of_file(const std::string& path) {
  auto stamp = glance_at_file(path);
  if (stamp) stamp->hash = hash_of_file(path);
  return stamp;
}

std::string id_of_path(const std::string& path) { return fs::path(path).lexically_normal().string(); }

DescribeItem describe_files() {
  // Many vectors or lines are of one file.
  auto last = std::make_shared<std::pair<std::string, FileStamp>>();
  return [last](const json& line, int64_t) {
    const auto path = line.at("path").get<std::string>();
    Item item;
    item.id = id_of_path(path);
    if (path != "-") {
      item.path = absolute_path(path);
      if (last->first != item.path) *last = {item.path, stamp_of_file(item.path).value_or(FileStamp())};
      item.file = last->second;
    }
    if (line.contains("line")) item.id += fmt::format(":{}", line["line"].get<int64_t>());
    if (line.contains("index")) item.id += fmt::format("#{}", line["index"].get<int64_t>());
    return item;
  };
}

DescribeItem describe_samples(std::shared_ptr<const Dataset> dataset, std::vector<std::string> sides) {
  const auto classes = dataset->class_names();
  const auto fields = dataset->fields();
  for (const auto& field : fields) {
    if (lower_case(field.name) == kSplitColumn) sides.clear();
  }
  return [dataset = std::move(dataset), classes, fields, sides = std::move(sides)](const json& line,
                                                                                   int64_t sample) {
    Item item;
    item.id = line.at("sample").get<std::string>();
    item.label = line.at("label").get<int64_t>();
    if (item.label >= 0 && item.label < static_cast<int64_t>(classes.size()))
      item.class_name = classes[static_cast<size_t>(item.label)];
    if (!sides.empty() && !sides[static_cast<size_t>(sample)].empty())
      item.columns[kSplitColumn] = sides[static_cast<size_t>(sample)];
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].kind == ObjectKind::text) {
        const auto name = fields[i].name.empty() ? "text" : fields[i].name;
        item.columns[name] = column_value(text_of(dataset->read_field(sample, i)));
      } else if (item.path.empty() && fields[i].kind == ObjectKind::image) {
        const auto place = dataset->stored(sample, i);
        // A part of a file, such as a picture of an archive, is no file of its own.
        if (place.file.empty() || place.offset != 0 || place.bytes >= 0) continue;
        item.path = absolute_path(place.file);
        item.file = stamp_of_file(item.path).value_or(FileStamp());
      }
    }
    return item;
  };
}

}  // namespace kindred::host
