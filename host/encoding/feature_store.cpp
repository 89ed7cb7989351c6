#include "host/encoding/feature_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/base/clock.hpp"
#include "host/cache/cache_folder.hpp"
#include "host/data/field_dataset.hpp"
#include "host/data/views.hpp"

namespace kindred::host {
namespace {

at::ScalarType dtype_of(StoredDtype dtype) {
  switch (dtype) {
    case StoredDtype::float16:
      return at::kHalf;
    case StoredDtype::bfloat16:
      return at::kBFloat16;
    case StoredDtype::float32:
      break;
  }
  return at::kFloat;
}

}  // namespace

FeatureStore::FeatureStore(const EncodingOptions& options, const std::vector<EncoderSpec>& specs,
                           const TransformLists& transforms, const Model& model, const Dataset& dataset,
                           at::Device device, SkipLog& skips, Context& context)
    : options_(options),
      specs_(specs),
      transforms_(transforms),
      model_(model),
      dataset_(dataset),
      device_(device),
      skips_(skips),
      context_(context),
      views_(model.encoders.size()) {
  for (const auto& part : model.encoders) fields_.push_back(field_dataset(dataset, part.field));
}

bool FeatureStore::reads_samples(size_t encoder) const {
  const auto& part = model_.encoders[encoder];
  return part.first_trained == 0 || (part.learns() && options_.cache.type == CacheType::none);
}

bool FeatureStore::keeps_nothing() const {
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    if (!reads_samples(i)) return false;
  }
  return true;
}

/// What the frozen stages have to be run on. What is measured is computed and kept in float32, so that the
/// servable gives the same embeddings from the pictures themselves; what only training sees may be coarser.
std::vector<FeatureRequest> FeatureStore::requests(const EncoderPart& part, const ClassSplit& split) const {
  std::vector<FeatureRequest> requests;
  if (part.learns()) {
    const auto stored = dtype_of(options_.cache.map_dtype);
    auto others = split.train;
    if (!split.validation_is_test) {
      others.insert(others.end(), split.validation.begin(), split.validation.end());
    }
    // The same samples whichever classes this seed holds out of them, so that every seed finds the entries.
    std::sort(others.begin(), others.end());
    requests.push_back({kPlainView, split.test, at::kFloat, at::kFloat});
    requests.push_back({kPlainView, others, at::kFloat, stored});
    for (int64_t view = kMirrorView; view < options_.cache.views; ++view) {
      requests.push_back({view, others, part.training_dtype, stored});
    }
  } else {
    requests.push_back(
        {kPlainView, all_samples(dataset_.size()), at::kFloat, dtype_of(options_.cache.embedding_dtype)});
  }
  for (const auto view : options_.test_views) {
    if (view != kPlainView && part.object_kind == ObjectKind::image) {
      requests.push_back({view, split.test, at::kFloat, at::kFloat});
    }
  }
  return requests;
}

/// Entries that no run of this version finds any more take room until somebody removes them.
void FeatureStore::say_what_is_not_used() const {
  if (!options_.cache.on_disk()) return;
  const auto& directory = options_.cache.directory;
  const auto count = count_earlier_entries(directory);
  if (count == 0) return;
  context_.info(fmt::format(
      "{} in {} {} written before version 0.12 and {} not used; `host cache clear '{}' --earlier` "
      "removes {}",
      count == 1 ? "1 entry of an earlier layout" : fmt::format("{} entries of an earlier layout", count),
      directory, count == 1 ? "was" : "were", count == 1 ? "is" : "are", directory,
      count == 1 ? "it" : "them"));
}

std::unique_ptr<FeatureExtractor> FeatureStore::extractor(size_t encoder) {
  return std::make_unique<FeatureExtractor>(options_, specs_[encoder], *fields_[encoder], transforms_,
                                            model_.encoders[encoder], device_, skips_, context_);
}

std::optional<FeatureStore::Timings> FeatureStore::extract(const ClassSplit& split) {
  if (keeps_nothing()) return std::nullopt;
  say_what_is_not_used();
  int64_t encoded = 0;
  double seconds = 0;
  bool hit = true;
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    const auto& part = model_.encoders[i];
    if (reads_samples(i)) continue;
    const auto requests = this->requests(part, split);
    const auto extractor = this->extractor(i);
    if (part.learns()) extractor->check_room(requests);
    for (const auto& request : requests) {
      const auto features = extractor->extract(request);
      for (const auto& block : features.blocks) {
        const auto begin = request.samples.begin() + block.first;
        views_[i].add(request.view, {begin, begin + block.rows.size(0)}, block.rows, features.mapped);
      }
      encoded += features.encoded;
      seconds += features.seconds;
      hit = hit && features.cache_hit;
    }
  }
  return Timings{seconds, encoded > 0 ? static_cast<double>(encoded) / std::max(1e-9, seconds) : 0.0, hit};
}

FillReport FeatureStore::fill(const ClassSplit& split, const FillShare& share) {
  const double start = now_seconds();
  std::vector<std::unique_ptr<FeatureExtractor>> extractors;
  std::vector<FillTask> tasks;
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    extractors.push_back(reads_samples(i) ? nullptr : extractor(i));
    if (!extractors[i] || !extractors[i]->keeps_on_disk()) continue;
    const auto requests = this->requests(model_.encoders[i], split);
    if (model_.encoders[i].learns()) extractors[i]->check_room(requests);
    for (const auto& request : requests) tasks.push_back({i, request});
  }
  FillReport report;
  ShardOwners owners(share.count);
  std::vector<FillTurn> turns = {FillTurn::own};
  if (share.steals) turns.push_back(FillTurn::others);
  turns.push_back(FillTurn::own_rest);
  for (const auto turn : turns) {
    for (auto& task : tasks) report.encoded += extractors[task.encoder]->fill(task, share, turn, owners);
  }
  for (auto& task : tasks) report.entries.push_back(std::move(task.entry));
  report.seconds = now_seconds() - start;
  return report;
}

}  // namespace kindred::host
