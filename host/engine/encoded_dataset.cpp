#include "host/engine/encoded_dataset.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/engine/field_dataset.hpp"
#include "host/engine/frozen_training_data.hpp"
#include "host/engine/joined_training_data.hpp"
#include "host/engine/learning_training_data.hpp"
#include "host/engine/map_training_data.hpp"
#include "host/engine/views.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

at::ScalarType dtype_of(const std::string& name) {
  if (name == "float16") return at::kHalf;
  return name == "bfloat16" ? at::kBFloat16 : at::kFloat;
}

/// Whether nothing of an encoder is kept in the cache.
bool reads_samples(const Pipeline& pipeline, const EncoderPart& part) {
  return part.first_trained == 0 || (part.learns() && pipeline.cache.type == "none");
}

}  // namespace

EncodedDataset::EncodedDataset(const Pipeline& pipeline, const Components& components, const Model& model,
                               const Dataset& dataset, at::Device device, SkipLog& skips, bool quiet)
    : pipeline_(pipeline),
      components_(components),
      model_(model),
      dataset_(dataset),
      device_(device),
      skips_(skips),
      quiet_(quiet),
      views_(model.encoders.size()) {
  for (const auto& part : model.encoders) fields_.push_back(field_dataset(dataset, part.field));
}

bool EncodedDataset::keeps_nothing() const {
  return std::all_of(model_.encoders.begin(), model_.encoders.end(),
                     [&](const EncoderPart& one) { return reads_samples(pipeline_, one); });
}

/// What the frozen stages have to be run on. What is measured is computed and kept in float32, so that the
/// servable gives the same embeddings from the pictures themselves; what only training sees may be coarser.
std::vector<EncodeRequest> EncodedDataset::requests(const EncoderPart& part, const ClassSplit& split) const {
  std::vector<EncodeRequest> requests;
  if (part.learns()) {
    const auto stored = dtype_of(pipeline_.cache.map_dtype);
    auto others = split.train;
    if (!split.validation_is_test) {
      others.insert(others.end(), split.validation.begin(), split.validation.end());
    }
    // The same samples whichever classes this seed holds out of them, so that every seed finds the entries.
    std::sort(others.begin(), others.end());
    requests.push_back({kPlainView, split.test, at::kFloat, at::kFloat});
    requests.push_back({kPlainView, others, at::kFloat, stored});
    for (int64_t view = kMirrorView; view < pipeline_.cache.views; ++view) {
      requests.push_back({view, others, part.training_dtype, stored});
    }
  } else {
    std::vector<int64_t> all(static_cast<size_t>(dataset_.size()));
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    requests.push_back({kPlainView, all, at::kFloat, dtype_of(pipeline_.cache.embedding_dtype)});
  }
  for (const auto& name : pipeline_.evaluate.test_views) {
    const auto view = view_from_name(name);
    if (view != kPlainView && part.object_kind == ObjectKind::image) {
      requests.push_back({view, split.test, at::kFloat, at::kFloat});
    }
  }
  return requests;
}

void EncodedDataset::encode(const ClassSplit& split, json& timings) {
  if (keeps_nothing()) return;
  int64_t encoded = 0;
  double seconds = 0;
  bool hit = true;
  for (size_t i = 0; i < model_.encoders.size(); ++i) {
    const auto& part = model_.encoders[i];
    if (reads_samples(pipeline_, part)) continue;
    const auto requests = this->requests(part, split);
    DatasetEncoder encoder(pipeline_, pipeline_.encoders[i], *fields_[i], components_, part, device_, skips_,
                           quiet_);
    if (part.learns()) encoder.check_room(requests);
    for (const auto& request : requests) {
      const auto rows = encoder.encode(request);
      views_[i].add(request.view, request.samples, rows.values, rows.mapped);
      encoded += rows.encoded;
      seconds += rows.seconds;
      hit = hit && rows.cache_hit;
    }
  }
  timings["encode_seconds"] = seconds;
  timings["encode_images_per_second"] =
      encoded > 0 ? static_cast<double>(encoded) / std::max(1e-9, seconds) : 0.0;
  timings["cache_hit"] = hit;
}

std::unique_ptr<TrainingData> EncodedDataset::training_data(const ClassSplit& split) const {
  std::vector<std::unique_ptr<TrainingData>> parts;
  for (size_t i = 0; i < model_.encoders.size(); ++i) parts.push_back(training_data(i, split));
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<JoinedTrainingData>(dataset_, split, std::move(parts));
}

std::unique_ptr<TrainingData> EncodedDataset::training_data(size_t encoder, const ClassSplit& split) const {
  const auto& part = model_.encoders[encoder];
  const auto& field = *fields_[encoder];
  if (reads_samples(pipeline_, part)) {
    return std::make_unique<LearningTrainingData>(pipeline_, field, components_, part, split, device_, skips_,
                                                  quiet_);
  }
  if (!part.learns()) return std::make_unique<FrozenTrainingData>(field, split, views_[encoder], device_);
  MapTrainingData::Options options{device_, pipeline_.cache.views,
                                   static_cast<uint64_t>(pipeline_.root.seed)};
  return std::make_unique<MapTrainingData>(field, split, views_[encoder], part, options);
}

}  // namespace kindred::host
