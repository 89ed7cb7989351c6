#pragma once

#include <string>
#include <vector>

#include "host/export/export_check.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/servable.hpp"

namespace kindred::host {

/// An encoder as its own library knows it.
struct StateDict {
  static constexpr const char* kBackbone = "model.safetensors";
  static constexpr const char* kHead = "head.safetensors";
  /// The card of the weights that training began with; README.md is that of the export.
  static constexpr const char* kBaseCard = "README.base.md";
};

/// Writes into `folder` the tensors of the model's only encoder under the names of the library that its
/// weights come from, what they came with (config.json and the tokenizer of a folder of Hugging Face), and
/// the tensors of the heads. `model_folder`: of the servable. Returns the names of the files. Throws Error
/// where the encoder takes no weights.
std::vector<std::string> write_state_dict(const std::string& folder, const std::string& model_folder,
                                          const Servable& servable, const Catalog& catalog);

/// Makes the encoder anew from the written files and compares embeddings before the heads, as
/// checked_network() does.
nlohmann::json check_state_dict(const std::string& folder, const std::string& model_folder,
                                const Servable& servable, const Catalog& catalog,
                                const ExportSamples& samples);

}  // namespace kindred::host
