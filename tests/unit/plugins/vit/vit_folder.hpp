#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/io/checkpoint.hpp"
#include "kindred/random.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// What make_golden.py wrote beside the tests.
inline nlohmann::json vit_golden(const std::string& name) {
  const auto path = std::string(KINDRED_TEST_SOURCE) + "/tests/unit/plugins/vit/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is absent");
  return nlohmann::json::parse(file);
}

/// value_of of make_golden.py.
inline at::Tensor value_of(const std::string& name, const std::vector<int64_t>& shape) {
  const auto ends_with = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  uint64_t hash = 14695981039346656037ull;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  int64_t inputs = 1;
  if (shape.size() == 2 || shape.size() == 4) {
    for (size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
  }
  const bool is_bias = ends_with("bias");
  const bool is_scale = ends_with("lambda1") || ends_with("gamma") || ends_with("gamma_1") ||
                        ends_with("gamma_2") ||
                        (ends_with("weight") && name.find("norm") != std::string::npos);
  const double factor = inputs > 1 ? std::sqrt(12.0 / static_cast<double>(inputs)) : 1;
  auto tensor = at::empty(shape, at::kFloat);
  auto* values = tensor.data_ptr<float>();
  for (int64_t j = 0; j < tensor.numel(); ++j) {
    const double u = static_cast<double>(splitmix64(hash + static_cast<uint64_t>(j)) >> 40) * 0x1.0p-24;
    double value = (u - 0.5) * factor;
    if (is_scale) value = 0.5 + u;
    if (is_bias) value = 0.2 * (u - 0.5);
    values[j] = static_cast<float>(value);
  }
  return tensor;
}

inline std::vector<NamedTensor> filled_tensors(const nlohmann::json& shapes) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, shape] : shapes.items())
    tensors.push_back({name, value_of(name, shape.get<std::vector<int64_t>>())});
  return tensors;
}

/// A network in a folder as Hugging Face gives it; `made` is a case of golden_folders.json.
class VitFolder {
 public:
  explicit VitFolder(const nlohmann::json& made)
      : folder_("vit_" + made.at("name").get<std::string>()), tensors_(filled_tensors(made.at("tensors"))) {
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

inline const nlohmann::json& case_named(const nlohmann::json& golden, const std::string& name) {
  for (const auto& one : golden.at("cases")) {
    if (one.at("name") == name) return one;
  }
  throw std::runtime_error("golden_folders.json has no case " + name);
}

}  // namespace kindred::testing
