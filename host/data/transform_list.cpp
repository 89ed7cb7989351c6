#include "host/data/transform_list.hpp"

#include "kindred/error.hpp"

namespace kindred::host {

at::Tensor transformed(const TransformList& transforms, at::Tensor picture) {
  for (const auto& one : transforms) {
    Random unused(0);
    picture = one->apply(picture, unused);
  }
  return picture;
}

Normalization normalization_of(const TransformList& transforms) {
  Normalization result, one;
  int count = 0;
  for (const auto& transform : transforms) {
    if (!transform->normalization(one)) continue;
    result = one;
    ++count;
  }
  if (count > 1) throw Error("two transforms of the list normalise; keep one of them");
  return result;
}

}  // namespace kindred::host
