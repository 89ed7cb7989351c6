#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "filled_tensors.hpp"
#include "kindred/io/checkpoint.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// A network in a folder as Hugging Face gives it; `made` is a case of a golden
/// file: "name", "config", and "tensors" with their shapes, which are filled by their names.
class NetworkFolder {
 public:
  explicit NetworkFolder(const nlohmann::json& made)
      : folder_("network_" + made.at("name").get<std::string>()),
        tensors_(filled_tensors(made.at("tensors"))) {
    write("config.json", made.at("config").dump());
    write_weights(tensors_);
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void write_weights(const std::vector<NamedTensor>& tensors) const {
    write_safetensors(folder_ / "model.safetensors", tensors);
  }
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }
  std::string path() const { return folder_.path().string(); }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  TemporaryFolder folder_;
  std::vector<NamedTensor> tensors_;
};

}  // namespace kindred::testing
