#include "host/encoding/feature_extractor.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/encoding/entry_fill.hpp"
#include "host/encoding/feature_batches.hpp"
#include "host/encoding/room_check.hpp"
#include "host/encoding/shared_shards.hpp"
#include "host/options/views.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {

FeatureExtractor::FeatureExtractor(const EncodingOptions& options, const EncoderSpec& spec,
                                   const Dataset& dataset, const TransformLists& transforms,
                                   const EncoderPart& part, at::Device device, SkipLog& skips,
                                   Context& context)
    : options_(options),
      dataset_(dataset),
      transforms_(transforms),
      part_(part),
      device_(device),
      skips_(skips),
      context_(context),
      stages_(dataset, transforms, part, device, options.cache.on_device() ? device : at::Device(at::kCPU)),
      keys_(options, spec, dataset, part, device) {}

void FeatureExtractor::check_room(const std::vector<FeatureRequest>& requests) {
  host::check_room(requests, options_, part_, stages_, keys_, context_);
}

/// Vectors and an encoder without tensors: computing is cheaper than a cache.
bool FeatureExtractor::is_direct() const {
  return !stages_.give_feature_maps() && module_tensors(*part_.encoder).empty() &&
         dataset_.matrix().defined();
}

bool FeatureExtractor::keeps_on_disk() const { return options_.cache.on_disk() && !is_direct(); }

void FeatureExtractor::prepare(const FeatureRequest& request) {
  part_.encoder->train(false);
  part_.encoder->prepare_for_inference(request.compute);
}

/// What was derived from the first values of its tensors would outlive them.
void FeatureExtractor::leave() {
  if (!part_.learns()) return;
  part_.encoder->train(true);
  part_.encoder->train(false);
}

ExtractedFeatures FeatureExtractor::extract(const FeatureRequest& request) {
  at::NoGradGuard no_grad;
  prepare(request);
  const double start = now_seconds();
  auto out = is_direct()                ? from_matrix(dataset_.matrix(), request)
             : options_.cache.on_disk() ? from_cache(request)
                                        : into_memory(request);
  out.seconds = now_seconds() - start;
  leave();
  return out;
}

/// All rows are asked for, in order, so that a mapped file itself can serve.
ExtractedFeatures FeatureExtractor::from_matrix(const at::Tensor& matrix, const FeatureRequest& request) {
  TORCH_INTERNAL_ASSERT(static_cast<int64_t>(request.samples.size()) == matrix.size(0));
  const auto vectors = matrix.to(at::kFloat);
  auto rows = part_.infer({vectors.to(device_)});
  const auto wrong = rows_not_finite(rows);
  std::vector<SkippedSample> skipped;
  for (int64_t i = 0; i < wrong.numel(); ++i) {
    const auto sample = request.samples[static_cast<size_t>(wrong.data_ptr<int64_t>()[i])];
    const auto of_vector = what_is_not_finite(vectors[to_int(sample)]);
    skipped.push_back(
        {sample, dataset_.sample_name(to_int(sample)), of_vector.empty() ? kNotFinite : of_vector});
  }
  skips_.note(skipped);
  ExtractedFeatures out;
  out.blocks = {{0, rows.to(stages_.kept_on())}};
  out.cache_hit = true;
  return out;
}

std::unique_ptr<RowCache> FeatureExtractor::open_cache(const FeatureRequest& request,
                                                       const std::string& machine) {
  auto shape = stages_.row_shape();
  shape.insert(shape.begin(), static_cast<int64_t>(request.samples.size()));
  auto description = keys_.description(request);
  description["data"] = keys_.data();
  return std::make_unique<RowCache>(options_.cache.directory, keys_.key(request), request.stored, shape,
                                    description, context_, machine);
}

int64_t FeatureExtractor::encode_into(ShardSource& shards, const FeatureRequest& request) {
  const auto present = shards.rows_done();
  if (present > 0)
    context_.info(fmt::format("continuing a cache that holds {} of {} samples", present, shards.rows()));
  Progress progress("encoding " + progress_label(request), "samples", shards.rows(), context_, present);
  EntryFill fill(
      shards,
      [&](int64_t first, int64_t end) {
        return std::make_unique<FeatureBatches>(options_, dataset_, transforms_, stages_, request, first,
                                                end);
      },
      skips_, progress, context_);
  return fill.run();
}

ExtractedFeatures FeatureExtractor::from_cache(const FeatureRequest& request) {
  ExtractedFeatures out;
  const auto cache = open_cache(request, "");
  if (!cache->complete()) out.encoded = encode_into(*cache, request);
  std::vector<SkippedSample> skipped;
  out.blocks = cache->open(skipped);
  skips_.note(skipped);  // also those of an earlier, stopped fill and of other processes
  out.mapped = true;
  out.cache_hit = out.encoded == 0;
  if (out.cache_hit) {
    context_.info(
        fmt::format("{}{} samples from the cache", progress_label(request), request.samples.size()));
  }
  return out;
}

int64_t FeatureExtractor::fill(FillTask& task, const FillShare& share, FillTurn turn, ShardOwners& owners) {
  at::NoGradGuard no_grad;
  prepare(task.request);
  const auto cache = open_cache(task.request, share.count > 1 ? share.machine : "");
  const auto& layout = cache->layout();
  if (task.owners.empty()) {
    const bool alone = share.count == 1;
    task.owners = alone ? std::vector<int64_t>(static_cast<size_t>(layout.count()), 0)
                        : owners.of_next_entry(shard_weights(layout, task.request.samples, dataset_));
  }
  SharedShards shards(*cache, task.owners, share, turn);
  const auto encoded = shards.all_there() ? 0 : encode_into(shards, task.request);
  leave();
  cache->complete();
  remove_leavings(*cache);
  auto& entry = task.entry;
  entry = {keys_.key(task.request),
           view_name(task.request.view),
           layout.rows,
           layout.count(),
           0,
           entry.filled + shards.filled(),
           0,
           {}};
  if (turn != FillTurn::others) task.own_filled += shards.filled();
  for (int64_t shard = 0; shard < layout.count(); ++shard) {
    const auto owner = task.owners[static_cast<size_t>(shard)];
    const bool there = cache->is_complete(shard);
    if (owner == share.index) ++entry.own;
    if (owner == share.index && there) ++entry.own_present;
    if (!there) entry.missing.push_back({shard, owner});
  }
  entry.own_present -= task.own_filled;
  return encoded;
}

ExtractedFeatures FeatureExtractor::into_memory(const FeatureRequest& request) {
  const auto total = static_cast<int64_t>(request.samples.size());
  auto shape = stages_.row_shape();
  shape.insert(shape.begin(), total);
  const auto values = at::empty(shape, at::TensorOptions().dtype(request.stored).device(stages_.kept_on()));
  FeatureBatches batches(options_, dataset_, transforms_, stages_, request, 0, total);
  Progress progress("encoding " + progress_label(request), "samples", total, context_);
  int64_t done = 0;
  while (!batches.done()) {
    if (context_.interrupted()) throw Interrupted(fmt::format("{} of {} samples are encoded", done, total));
    const auto batch = batches.next();
    values.slice(0, done, done + batch.rows.size(0)).copy_(batch.rows);
    skips_.note(batch.skipped);
    done += batch.rows.size(0);
    progress.update(done);
  }
  ExtractedFeatures out;
  out.blocks = {{0, values}};
  out.encoded = total;
  return out;
}

/// "" for embeddings of pictures as they are, "mirror view of " and the like otherwise.
std::string FeatureExtractor::progress_label(const FeatureRequest& request) const {
  const bool plain_embeddings = request.view == kPlainView && !stages_.give_feature_maps();
  return plain_embeddings ? "" : view_name(request.view) + " view of ";
}

}  // namespace kindred::host
