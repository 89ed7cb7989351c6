#pragma once

#include <memory>
#include <vector>

#include "kindred/image.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {

/// Transforms in the order in which they are applied; each under its contract.
using TransformList = std::vector<std::shared_ptr<Transform>>;

/// The transforms of every picture, and those of pictures while an encoder is trained.
struct TransformLists {
  TransformList plain, train;
};

/// What transforms of which none is random make of a picture uint8 (H, W, 3). Throws what they throw.
at::Tensor transformed(const TransformList& transforms, at::Tensor picture);

/// The normalisation that one of the transforms announces, else none. Throws Error when two do.
Normalization normalization_of(const TransformList& transforms);

}  // namespace kindred::host
