#pragma once

#include <string>

#include "convnext_config.hpp"

namespace kindred {

/// Reads config.json. One of timm names one of convnext_variants() by "architecture". In one of transformers
/// "model_type" is convnext, convnextv2 or dinov3_convnext; what a key that is missing stands for is what
/// transformers takes. Throws Error that names the key that asks for something that is not computed here.
ConvNextConfig read_convnext_folder(const std::string& folder);

}  // namespace kindred
