#include "host/training/batch_memory.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace kindred::host {

BatchMemory::BatchMemory(int64_t size, int64_t dimension, at::Device device)
    : embeddings_(at::zeros({size, dimension}, at::TensorOptions().dtype(at::kFloat).device(device))),
      labels_(at::zeros({size}, at::TensorOptions().dtype(at::kLong).device(device))),
      samples_(at::zeros({size}, at::TensorOptions().dtype(at::kLong).device(device))),
      added_(at::zeros({1}, at::kLong)) {}

int64_t BatchMemory::count() const { return std::min(added_.item<int64_t>(), labels_.numel()); }

ComparedSamples BatchMemory::compared(const at::Tensor& embeddings, const at::Tensor& labels,
                                      const at::Tensor& samples) const {
  ComparedSamples out = {embeddings, labels, samples};
  const int64_t filled = count();
  if (filled == 0) return out;
  out.remembered = embeddings_.slice(0, 0, filled).to(embeddings.scalar_type());
  out.remembered_labels = labels_.slice(0, 0, filled);
  out.remembered_samples = samples_.slice(0, 0, filled);
  return out;
}

void BatchMemory::add(const at::Tensor& embeddings, const at::Tensor& labels, const at::Tensor& samples) {
  at::NoGradGuard no_grad;
  const int64_t size = labels_.numel(), rows = embeddings.size(0), kept = std::min(rows, size);
  const int64_t first = added_.item<int64_t>() + rows - kept;
  const auto places = at::arange(first, first + kept, labels_.options()).remainder(size);
  const auto newest = [&](const at::Tensor& x) { return x.detach().slice(0, rows - kept); };
  embeddings_.index_copy_(0, places, newest(embeddings).to(embeddings_.scalar_type()));
  labels_.index_copy_(0, places, newest(labels));
  samples_.index_copy_(0, places, newest(samples));
  added_.add_(rows);
}

std::vector<NamedTensor> BatchMemory::tensors() const {
  return {{"embeddings", embeddings_}, {"labels", labels_}, {"samples", samples_}, {"added", added_}};
}

}  // namespace kindred::host
