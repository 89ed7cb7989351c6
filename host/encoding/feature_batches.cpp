#include "host/encoding/feature_batches.hpp"

#include "host/base/random_streams.hpp"
#include "host/data/batches_of.hpp"
#include "host/options/views.hpp"

namespace kindred::host {
namespace {

std::vector<std::vector<SampleIndex>> batches_between(const std::vector<SampleIndex>& samples, int64_t first,
                                                      int64_t end, int64_t batch_size) {
  return batches_of({samples.begin() + first, samples.begin() + end}, 0, batch_size);
}

BatchLoader::Options loading_of_view(const EncodingOptions& options, int64_t view) {
  BatchLoader::Options loading;
  loading.threads = options.threads;
  loading.draws = [seed = options.seed, view](SampleIndex sample, size_t transform) {
    return Random(seed, view_stream(view), to_int(sample), transform);
  };
  loading.mirror = view == kMirrorView;
  return loading;
}

}  // namespace

FeatureBatches::FeatureBatches(const EncodingOptions& options, const Dataset& dataset,
                               const TransformLists& transforms, FrozenStages& stages,
                               const FeatureRequest& request, int64_t first, int64_t end)
    : stages_(stages),
      request_(request),
      batches_(batches_between(request.samples, first, end, options.cache.batch_size)),
      loading_(loading_of_view(options, request.view)),
      loader_(dataset, request.view >= kFirstRandomView ? transforms.train : transforms.plain, batches_,
              loading_) {}

FeatureBatches::Batch FeatureBatches::next() {
  auto loaded = loader_.next();
  auto rows = stages_.run(loaded, batches_.at(position_++), request_);
  return {std::move(rows), std::move(loaded.skipped)};
}

}  // namespace kindred::host
