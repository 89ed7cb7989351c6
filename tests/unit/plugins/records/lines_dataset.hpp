#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <string>

#include "component.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {

/// A file of lines with a dataset over it.
class LinesFolder : public testing::TemporaryFolder {
 public:
  explicit LinesFolder(std::string id) : TemporaryFolder(id), id_(std::move(id)) {}

  std::shared_ptr<Dataset> made(const std::string& lines,
                                nlohmann::json params = nlohmann::json::object()) const {
    const auto path = *this / "lines.jsonl";
    write_file_atomically(path, lines);
    params["file"] = path;
    return testing::make<Dataset>("records", "kindred." + id_, params);
  }

  /// A picture of one pixel.
  void write_pixel(const std::string& name, char red) const {
    write_file_atomically(*this / name, std::string("P6\n1 1\n255\n") + red + "\x02\x03");
  }

 private:
  std::string id_;
};

/// The text that a sample of texts holds.
inline std::string text_of(const at::Tensor& bytes) {
  if (bytes.scalar_type() != at::kByte || bytes.dim() != 1) return "no text";
  return {static_cast<const char*>(bytes.data_ptr()), static_cast<size_t>(bytes.numel())};
}

/// Parameters and lines that cannot be read, and a part of what is said.
struct BrokenLines {
  const char *lines, *params, *expected;
};

}  // namespace kindred
