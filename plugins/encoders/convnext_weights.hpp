#pragma once

#include <string>
#include <vector>

#include "convnext_network.hpp"
#include "kindred/io/weights.hpp"

namespace kindred {

/// How torchvision, the authors and Hugging Face (convnext, convnextv2 and dinov3_convnext) name these
/// tensors of a ConvNextNetwork, whose names are timm's.
std::vector<NamingConvention> convnext_conventions(const std::vector<NamedTensor>& tensors);

/// Fills the tensors of `network` from a file, or from the index of several, that read_weights() reads, under
/// any of these names; those of its pooling where the file has them. Dimensions of one are of no importance:
/// libraries write the same layer as a linear one and as a 1 x 1 convolution. Classifiers are left out.
/// Returns notes. Throws Error that begins with `what` and names what is missing or misshapen, by timm's
/// names.
std::vector<std::string> load_convnext(const std::string& what, const std::string& path,
                                       const ConvNextNetwork& network);

}  // namespace kindred
