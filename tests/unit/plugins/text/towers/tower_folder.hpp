#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "network_folder.hpp"

namespace kindred::testing {

/// The path of what make_golden.py wrote beside the tests.
inline std::string tower_file(const std::string& name) {
  return std::string(KINDRED_TEST_SOURCE) + "/tests/unit/plugins/text/towers/" + name;
}

inline nlohmann::json tower_golden(const std::string& name) {
  std::ifstream file(tower_file(name));
  if (!file) throw std::runtime_error(tower_file(name) + " is absent");
  return nlohmann::json::parse(file);
}

/// Puts a tokenizer of the golden files into a folder under the name that Hugging Face gives it.
inline void copy_tokenizer(const std::string& kind, const std::string& folder) {
  const bool pieces = kind == "siglip";
  const auto source = pieces ? "golden_spiece.model" : "golden_" + kind + "_tokenizer.json";
  std::filesystem::copy_file(tower_file(source), folder + (pieces ? "/spiece.model" : "/tokenizer.json"),
                             std::filesystem::copy_options::overwrite_existing);
}

/// A text tower of golden_towers.json in a folder as Hugging Face gives it.
class TowerFolder : public NetworkFolder {
 public:
  explicit TowerFolder(const nlohmann::json& made) : NetworkFolder(made) {
    copy_tokenizer(made.at("tokenizer").get<std::string>(), path());
  }
};

}  // namespace kindred::testing
