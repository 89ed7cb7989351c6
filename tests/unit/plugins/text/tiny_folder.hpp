#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/io/checkpoint.hpp"
#include "kindred/random.hpp"
#include "temporary_folder.hpp"

namespace kindred::testing {

/// value_of of make_golden.py.
inline at::Tensor filled_tensor(const std::string& name, const std::vector<int64_t>& shape) {
  const auto ends_with = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  uint64_t hash = 14695981039346656037ull;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  auto tensor = at::empty(shape, at::kFloat);
  for (int64_t j = 0; j < tensor.numel(); ++j) {
    const double u = static_cast<double>(splitmix64(hash + static_cast<uint64_t>(j)) >> 40) * 0x1.0p-24;
    double value = u - 0.5;
    if (ends_with("LayerNorm.weight"))
      value = 0.5 + u;
    else if (ends_with("bias"))
      value = 0.2 * (u - 0.5);
    tensor.data_ptr<float>()[j] = static_cast<float>(value);
  }
  return tensor;
}

/// A BERT of two layers in a folder as Hugging Face gives it; `variant` is one of golden_tiny.json's.
class TinyFolder {
 public:
  TinyFolder(const nlohmann::json& golden, const nlohmann::json& variant)
      : folder_("tiny_bert_" + variant.at("name").get<std::string>()) {
    for (const auto& [name, content] : variant.at("files").items()) write(name, content.dump());
    std::string vocabulary;
    for (const auto& token : golden.at("vocabulary")) vocabulary += token.get<std::string>() + "\n";
    write("vocab.txt", vocabulary);
    for (const auto& [name, shape] : golden.at("tensors").items()) {
      tensors_.push_back({name, filled_tensor(name, shape.get<std::vector<int64_t>>())});
    }
    write_weights(tensors_);
  }

  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void write_weights(const std::vector<NamedTensor>& tensors) const {
    write_safetensors(folder_ / "model.safetensors", tensors);
  }
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

  std::string path() const { return folder_.path().string(); }
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  TemporaryFolder folder_;
  std::vector<NamedTensor> tensors_;
};

inline const nlohmann::json& variant_named(const nlohmann::json& golden, const std::string& name) {
  for (const auto& one : golden.at("variants")) {
    if (one.at("name") == name) return one;
  }
  throw std::runtime_error("golden_tiny.json has no variant " + name);
}

}  // namespace kindred::testing
