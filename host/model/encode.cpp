#include "host/model/encode.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/data/batches_of.hpp"
#include "host/data/field_dataset.hpp"

namespace kindred::host {

at::Tensor encode_rows(const Dataset& dataset, std::vector<int64_t>& rows, const TransformList& transforms,
                       const EncoderPart& part, const EncodeRowsOptions& options,
                       std::vector<SkippedSample>& skipped, Context& context) {
  at::NoGradGuard no_grad;
  part.encoder->train(false);
  const auto batches = batches_of(rows, 0, options.batch_size);
  BatchLoader::Options loading;
  loading.threads = options.threads;
  loading.mirror = options.mirror;
  BatchLoader loader(dataset, transforms, batches, loading);
  Progress progress("encoding", "samples", static_cast<int64_t>(rows.size()), context);
  std::vector<at::Tensor> parts = {at::empty({0, part.dimension}, at::kFloat).to(options.device)};
  std::vector<int64_t> readable;
  int64_t done = 0;
  for (const auto& asked : batches) {
    if (context.interrupted()) throw Interrupted("while encoding; nothing was lost");
    auto loaded = loader.next();
    skipped.insert(skipped.end(), loaded.skipped.begin(), loaded.skipped.end());
    readable.insert(readable.end(), loaded.indices.begin(), loaded.indices.end());
    if (!loaded.indices.empty()) {
      loaded.batch.data = loaded.batch.data.to(options.device);
      parts.push_back(part.encode(loaded.batch));
    }
    done += static_cast<int64_t>(asked.size());
    progress.update(done);
  }
  rows = std::move(readable);
  return at::cat(parts);
}

at::Tensor encode_rows(const Dataset& dataset, std::vector<int64_t>& rows, const TransformList& transforms,
                       const Model& model, const EncodeRowsOptions& options,
                       std::vector<SkippedSample>& skipped, Context& context) {
  return join_embeddings(model.encoders.size(), rows, [&](size_t i, std::vector<int64_t>& left) {
    const auto& part = model.encoders[i];
    const auto field = field_dataset(dataset, part.field);
    return encode_rows(*field, left, transforms, part, options, skipped, context);
  });
}

at::Tensor join_embeddings(size_t count, std::vector<int64_t>& samples,
                           const std::function<at::Tensor(size_t, std::vector<int64_t>&)>& embed) {
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i < count; ++i) {
    const auto asked = samples;
    auto part = embed(i, samples);
    if (samples.size() < asked.size()) {
      // Rows of the earlier parts that are still there, in the same order.
      std::vector<int64_t> kept;
      size_t next = 0;
      for (size_t row = 0; row < asked.size(); ++row) {
        if (next == samples.size() || asked[row] != samples[next]) continue;
        kept.push_back(static_cast<int64_t>(row));
        ++next;
      }
      for (auto& earlier : parts) {
        earlier = earlier.index_select(0, at::tensor(kept, at::kLong).to(earlier.device()));
      }
    }
    parts.push_back(std::move(part));
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts, 1);
}

}  // namespace kindred::host
