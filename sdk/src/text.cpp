#include "kindred/text.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "kindred/error.hpp"

namespace kindred {

at::Tensor text_tensor(const std::string& text) {
  auto bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), bytes.data_ptr<uint8_t>());
  return bytes;
}

std::vector<std::string> texts_of(const Batch& batch) {
  const bool bytes = batch.data.dim() == 2 && batch.data.scalar_type() == at::kByte;
  const auto& lengths = batch.lengths;
  const bool counted = lengths.defined() && lengths.dim() == 1 && lengths.scalar_type() == at::kLong &&
                       bytes && lengths.size(0) == batch.data.size(0);
  if (!counted) {
    throw Error(
        "the batch holds no texts, expected their bytes (B, L) and B lengths; this encoder reads text, "
        "so give it a dataset, or a field of one, that does");
  }
  const auto data = batch.data.to(at::kCPU).contiguous();
  const auto sizes = lengths.to(at::kCPU).contiguous();
  std::vector<std::string> texts;
  for (int64_t row = 0; row < data.size(0); ++row) {
    const auto size = std::clamp<int64_t>(sizes.data_ptr<int64_t>()[row], 0, data.size(1));
    const auto* begin = reinterpret_cast<const char*>(data.data_ptr<uint8_t>()) + row * data.size(1);
    texts.emplace_back(begin, static_cast<size_t>(size));
  }
  return texts;
}

Batch text_batch(const std::vector<at::Tensor>& texts) {
  int64_t longest = 0;
  for (const auto& text : texts) longest = std::max(longest, text.numel());
  const auto count = static_cast<int64_t>(texts.size());
  Batch batch;
  batch.data = at::zeros({count, longest}, at::kByte);
  batch.lengths = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    const auto& text = texts[static_cast<size_t>(i)];
    batch.lengths.data_ptr<int64_t>()[i] = text.numel();
    batch.data[i].slice(0, 0, text.numel()).copy_(text);
  }
  return batch;
}

}  // namespace kindred
