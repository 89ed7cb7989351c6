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
#include "host/encoding/row_cache.hpp"
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

ExtractedFeatures FeatureExtractor::extract(const FeatureRequest& request) {
  at::NoGradGuard no_grad;
  part_.encoder->train(false);
  part_.encoder->prepare_for_inference(request.compute);
  const double start = now_seconds();
  const auto matrix = dataset_.matrix();
  // Vectors and an encoder without tensors: computing is cheaper than a cache.
  const bool direct =
      matrix.defined() && module_tensors(*part_.encoder).empty() && !stages_.give_feature_maps();
  auto out = direct                     ? from_matrix(matrix, request)
             : options_.cache.on_disk() ? from_cache(request)
                                        : into_memory(request);
  out.seconds = now_seconds() - start;
  if (part_.learns()) {  // what was derived from the first values of its tensors would outlive them
    part_.encoder->train(true);
    part_.encoder->train(false);
  }
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

ExtractedFeatures FeatureExtractor::from_cache(const FeatureRequest& request) {
  ExtractedFeatures out;
  const auto total = static_cast<int64_t>(request.samples.size());
  auto shape = stages_.row_shape();
  shape.insert(shape.begin(), total);
  auto description = keys_.description(request);
  description["data"] = keys_.data();
  RowCache cache(options_.cache.directory, keys_.key(request), request.stored, shape, description, context_);
  if (!cache.complete()) {
    const auto present = cache.rows_done();
    if (present > 0)
      context_.info(fmt::format("continuing a cache that holds {} of {} samples", present, total));
    Progress progress("encoding " + progress_label(request), "samples", total, context_, present);
    EntryFill fill(
        cache,
        [&](int64_t first, int64_t end) {
          return std::make_unique<FeatureBatches>(options_, dataset_, transforms_, stages_, request, first,
                                                  end);
        },
        skips_, progress, context_);
    out.encoded = fill.run();
  }
  std::vector<SkippedSample> skipped;
  out.blocks = cache.open(skipped);
  skips_.note(skipped);  // also those of an earlier, stopped fill and of other processes
  out.mapped = true;
  out.cache_hit = out.encoded == 0;
  if (out.cache_hit)
    context_.info(fmt::format("{}{} samples from the cache", progress_label(request), total));
  return out;
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
