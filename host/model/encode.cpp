#include "host/model/encode.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <map>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/data/batches_of.hpp"

namespace kindred::host {
namespace {

/// Calls `work` in a turn of the options, if they have any.
void one_at_a_time(const EncodeRowsOptions& options, const std::function<void()>& work) {
  if (options.network == nullptr) return work();
  options.network->run(work);
}

at::Tensor encode_batch(Batch batch, const EncoderPart& part, const EncodeRowsOptions& options) {
  batch.data = batch.data.to(options.device);
  at::Tensor rows;
  one_at_a_time(options, [&] {
    at::NoGradGuard no_grad;  // it is of a thread
    rows = part.infer(batch);
  });
  return rows;
}

/// Objects of several sizes, those of each size as one batch; rows are in the order of the objects.
at::Tensor encode_by_size(const std::vector<at::Tensor>& objects, const BatchLoader& loader,
                          const EncoderPart& part, const EncodeRowsOptions& options) {
  std::map<std::vector<int64_t>, std::vector<int64_t>> places;
  for (size_t i = 0; i < objects.size(); ++i)
    places[objects[i].sizes().vec()].push_back(static_cast<int64_t>(i));
  std::vector<at::Tensor> rows;
  std::vector<int64_t> order;
  for (const auto& [size, same] : places) {
    std::vector<at::Tensor> chosen;
    for (const auto place : same) chosen.push_back(objects[static_cast<size_t>(place)]);
    rows.push_back(encode_batch(loader.joined(chosen), part, options));
    order.insert(order.end(), same.begin(), same.end());
  }
  if (rows.size() == 1) return rows.front();
  // Sorting the places puts every row where its object is.
  return at::cat(rows).index_select(0, at::tensor(order, at::kLong).argsort().to(options.device));
}

}  // namespace

at::Tensor encode_rows(const Dataset& dataset, std::vector<SampleIndex>& rows,
                       const TransformList& transforms, const EncoderPart& part,
                       const EncodeRowsOptions& options, std::vector<SkippedSample>& skipped,
                       Context& context) {
  at::NoGradGuard no_grad;
  one_at_a_time(options, [&] { part.encoder->train(false); });
  const auto batches = batches_of(rows, 0, options.batch_size);
  BatchLoader::Options loading;
  loading.threads = options.threads;
  loading.mirror = options.mirror;
  loading.transformed = options.transformed;
  BatchLoader loader(dataset, transforms, batches, loading);
  Progress progress("encoding", "samples", static_cast<int64_t>(rows.size()), context);
  std::vector<at::Tensor> parts = {at::empty({0, part.dimension}, at::kFloat).to(options.device)};
  std::vector<SampleIndex> readable;
  int64_t done = 0;
  const auto keep = [&](const std::vector<SampleIndex>& indices, const std::vector<SkippedSample>& left_out) {
    skipped.insert(skipped.end(), left_out.begin(), left_out.end());
    readable.insert(readable.end(), indices.begin(), indices.end());
  };
  for (const auto& asked : batches) {
    if (context.interrupted()) throw Interrupted("while encoding");
    if (options.sizes_may_differ && dataset.object_kind() != ObjectKind::text) {
      const auto read = loader.next_objects();
      keep(read.indices, read.skipped);
      if (!read.indices.empty()) parts.push_back(encode_by_size(read.objects, loader, part, options));
    } else {
      auto loaded = loader.next();
      keep(loaded.indices, loaded.skipped);
      if (!loaded.indices.empty()) parts.push_back(encode_batch(std::move(loaded.batch), part, options));
    }
    done += static_cast<int64_t>(asked.size());
    progress.update(done);
  }
  rows = std::move(readable);
  return at::cat(parts);
}

at::Tensor join_embeddings(size_t count, std::vector<SampleIndex>& samples,
                           const std::function<at::Tensor(size_t, std::vector<SampleIndex>&)>& embed) {
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
