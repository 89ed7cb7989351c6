#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace kindred::host {

/// The data.transforms that a network's folder says its pictures go through: a list of kindred.resize,
/// kindred.center_crop and kindred.normalize from preprocessor_config.json, as Hugging Face gives it, or from
/// "pretrained_cfg" in timm's config.json. What a key that is missing stands for is what transformers takes
/// for the processor that the file names. None where there is neither. Throws Error where a file asks for
/// something that Kindred's transforms do not do.
std::optional<nlohmann::json> folder_transforms(const std::string& folder);

}  // namespace kindred::host
