#pragma once

#include <map>
#include <string>
#include <vector>

#include "convnext_config.hpp"
#include "kindred/params.hpp"

namespace kindred {

/// The networks that are known by timm's names, from convnext_atto to convnext_xxlarge and from
/// convnextv2_atto to convnextv2_huge.
std::vector<std::string> convnext_variants();

/// One of them. Throws Error for another name.
ConvNextConfig convnext_variant(const std::string& name);

/// Files of torchvision, and of timm for networks that torchvision does not have.
std::vector<PublishedWeights> published_convnexts();

/// The names of all variants by what pictures of them go through, as JSON text of data.transforms.
std::map<std::string, std::vector<std::string>> convnexts_by_transforms();

}  // namespace kindred
