#include "kindred/image.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include <sstream>

#include "kindred/error.hpp"

namespace kindred {
namespace {

/// x * scale + shift of each channel; as long as the processor's vectors and three channels need to meet
/// again.
struct ChannelMap {
  static constexpr int64_t kLength = 48;
  float scale[kLength], shift[kLength];
};

/// (x / 255 - mean) / std as one multiplication and one addition.
ChannelMap channel_map(const Normalization& normalization) {
  ChannelMap map{};
  for (size_t i = 0; i < ChannelMap::kLength; ++i) {
    const double mean = normalization.mean[i % 3], deviation = normalization.std[i % 3];
    map.scale[i] = static_cast<float>(1.0 / (255.0 * deviation));
    map.shift[i] = static_cast<float>(-mean / deviation);
  }
  return map;
}

/// `count` numbers, beginning with the first channel.
void apply(const ChannelMap& map, const uint8_t* from, int64_t count, float* to) {
  int64_t i = 0;
  for (; i + ChannelMap::kLength <= count; i += ChannelMap::kLength) {
    for (int64_t j = 0; j < ChannelMap::kLength; ++j)
      to[i + j] = static_cast<float>(from[i + j]) * map.scale[j] + map.shift[j];
  }
  for (int64_t j = 0; i < count; ++i, ++j) to[i] = static_cast<float>(from[i]) * map.scale[j] + map.shift[j];
}

/// In one pass over memory, where LibTorch's operations would take three.
at::Tensor normalized_on_cpu(const at::Tensor& pictures, const ChannelMap& map) {
  const auto data = pictures.contiguous();
  auto out = data.new_empty(data.sizes(), data.options().dtype(at::kFloat));
  const auto* from = data.data_ptr<uint8_t>();
  auto* to = out.data_ptr<float>();
  constexpr int64_t kGrain = 1 << 14;
  at::parallel_for(0, data.numel() / 3, kGrain, [&](int64_t first, int64_t last) {
    apply(map, from + first * 3, (last - first) * 3, to + first * 3);
  });
  return out.permute({0, 3, 1, 2});
}

}  // namespace

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
  const auto map = channel_map(batch.normalization);
  if (data.device().is_cpu()) return normalized_on_cpu(data, map).to(dtype);
  const auto per_channel = [&](const float* numbers) {
    return at::tensor(at::ArrayRef<float>(numbers, 3)).view({1, 3, 1, 1}).to(data.device());
  };
  // (B, H, W, 3) is channels_last already.
  auto images = data.permute({0, 3, 1, 2}).to(at::kFloat);
  images.mul_(per_channel(map.scale)).add_(per_channel(map.shift));
  return images.to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace kindred
