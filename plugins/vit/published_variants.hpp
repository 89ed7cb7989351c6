#pragma once

#include <map>
#include <string>
#include <vector>

#include "stored_network.hpp"

namespace kindred {

/// Names of the networks that are known without a config.json: timm's, such as vit_small_patch16_224 or
/// vit_base_patch14_reg4_dinov2, and DINOv2's own, such as dinov2_vits14 or dinov2_vitb14_reg.
std::vector<std::string> published_variants();

/// One of them. The pooling is timm's for features (num_classes=0). Throws Error for another name.
StoredNetwork published_variant(const std::string& name);

/// What the pictures of a variant go through, as JSON text of a pipeline's data.transforms.
std::string transforms_of_variant(const std::string& name);

/// The names of all variants by what transforms_of_variant() gives for them.
std::map<std::string, std::vector<std::string>> variants_by_transforms();

}  // namespace kindred
