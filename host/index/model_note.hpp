#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace kindred::host {

/// The note of an index with the folder of the model that it was built with.
inline constexpr const char* kModelNote = "model_folder";

/// The folder that such a note names; "" where it is not there (any more).
inline std::string noted_model(const nlohmann::json& note) {
  if (!note.is_string()) return "";
  auto folder = note.get<std::string>();
  return std::filesystem::exists(folder) ? folder : "";
}

}  // namespace kindred::host
