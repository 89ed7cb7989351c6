#include "kindred/image.hpp"

#include <ATen/ATen.h>

#include <sstream>

#include "kindred/error.hpp"

namespace kindred {

at::Tensor normalized_images(const Batch& batch, at::ScalarType dtype) {
  const auto& data = batch.data;
  if (data.dim() == 4 && data.size(1) == 3 && at::isFloatingType(data.scalar_type())) {
    return data.to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
  }
  if (data.dim() != 4 || data.size(3) != 3 || data.scalar_type() != at::kByte) {
    std::ostringstream text;
    text << "expected pictures as uint8 (B, H, W, 3) or normalised float (B, 3, H, W), got "
         << data.toString() << " " << data.sizes();
    throw Error(text.str());
  }
  // (x / 255 - mean) / std as one multiplication and one addition; (B, H, W, 3) is channels_last already.
  auto scale = at::empty({1, 3, 1, 1}, at::kFloat);
  auto shift = at::empty({1, 3, 1, 1}, at::kFloat);
  for (int64_t c = 0; c < 3; ++c) {
    const auto i = static_cast<size_t>(c);
    scale.data_ptr<float>()[c] = static_cast<float>(1.0 / (255.0 * batch.normalization.std[i]));
    shift.data_ptr<float>()[c] =
        static_cast<float>(-batch.normalization.mean[i] / batch.normalization.std[i]);
  }
  auto images = data.permute({0, 3, 1, 2}).to(at::kFloat);
  images.mul_(scale.to(data.device())).add_(shift.to(data.device()));
  return images.to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace kindred
