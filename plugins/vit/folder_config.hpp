#pragma once

#include <string>

#include "stored_network.hpp"

namespace kindred {

/// Reads config.json. One of timm names one of published_variants() by "architecture". In one of transformers
/// "model_type" is one of dinov2, dinov2_with_registers, dinov3_vit, vit, clip,
/// clip_vision_model, siglip, siglip_vision_model, and siglip2 where its vision tower is one of siglip. What
/// a key that is missing stands for is what transformers takes. Throws Error that names the key that asks for
/// something that is not computed here.
StoredNetwork read_vision_folder(const std::string& folder);

}  // namespace kindred
