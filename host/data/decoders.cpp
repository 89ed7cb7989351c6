#include "host/data/decoders.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

Decoders::Decoders(const Catalog& catalog) {
  for (const auto& info : catalog.components()) {
    if (info.kind != Decoder::kKind || !info.schema.value("required", nlohmann::json::array()).empty())
      continue;
    decoders_.push_back(create_under_contract<Decoder>(catalog, info, nlohmann::json::object()));
  }
}

at::Tensor Decoders::decode(std::string_view bytes, const std::string& name) const {
  require_any();
  for (const auto& one : decoders_) {
    if (one->recognizes(bytes)) return one->decode(bytes, name);
  }
  for (const auto& one : decoders_) {
    if (decoders_.size() == 1 || has_extension(name, one->extensions())) return one->decode(bytes, name);
  }
  throw Error(name +
              " is no picture that can be decoded: its content is of no format that a decoder reads (" +
              joined(extensions()) + ")");
}

std::vector<std::string> Decoders::extensions() const {
  std::vector<std::string> all;
  for (const auto& one : decoders_) {
    for (auto& extension : one->extensions()) {
      if (std::find(all.begin(), all.end(), extension) == all.end()) all.push_back(std::move(extension));
    }
  }
  return all;
}

void Decoders::require_any() const {
  if (decoders_.empty())
    throw Error("no decoder of pictures was found; the plugin `vision` has one (it needs OpenCV)");
}

bool has_extension(const std::string& name, const std::vector<std::string>& extensions) {
  auto extension = std::filesystem::path(name).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

}  // namespace kindred::host
