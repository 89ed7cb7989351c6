#include "host/encoding/dataset_encoder.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/base/random_streams.hpp"
#include "host/base/system_info.hpp"
#include "host/cache/content_hash.hpp"
#include "host/data/batches_of.hpp"
#include "host/data/views.hpp"
#include "host/encoding/fingerprint.hpp"
#include "host/encoding/row_cache.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/guarded_call.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/model/resources.hpp"
#include "kindred/error.hpp"
#include "kindred/version.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kLargestHalf = 65504;

std::string size_text(uintmax_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  return mebibytes < 1024 ? fmt::format("{:.0f} MiB", mebibytes)
                          : fmt::format("{:.1f} GiB", mebibytes / 1024);
}

/// What of an encoder's entry decides what its stages compute, besides their tensors. Where the tensors
/// came from does not matter.
json encoder_description(const EncoderSpec& encoder) {
  json params = encoder.params;
  for (const auto& [name, field] : encoder.info->schema["properties"].items()) {
    if (path_use(field) == PathUse::initial_weights) params.erase(name);
  }
  return {{"id", encoder.info->id}, {"version", encoder.info->version}, {"params", params}};
}

}  // namespace

DatasetEncoder::DatasetEncoder(const EncodingOptions& options, const EncoderSpec& spec,
                               const Dataset& dataset, const TransformLists& transforms,
                               const EncoderPart& part, at::Device device, SkipLog& skips, Context& context)
    : options_(options),
      spec_(spec),
      dataset_(dataset),
      transforms_(transforms),
      part_(part),
      device_(device),
      skips_(skips),
      context_(context) {}

/// By running the first readable sample.
const std::vector<std::vector<int64_t>>& DatasetEncoder::stage_shapes() {
  for (int64_t sample = 0; stage_shapes_.empty() && sample < dataset_.size(); ++sample) {
    BatchLoader::Options loading;
    loading.threads = 1;
    BatchLoader loader(dataset_, transforms_.plain, {{sample}}, loading);
    auto loaded = loader.next();
    if (loaded.indices.empty()) continue;
    loaded.batch.data = loaded.batch.data.to(device_);
    stage_shapes_ = guard(part_.plugin, part_.id, "stage_shapes",
                          [&] { return part_.encoder->stage_shapes(loaded.batch); });
  }
  if (stage_shapes_.empty()) throw Error("no sample of the dataset can be read");
  return stage_shapes_;
}

/// Embeddings as (D); maps as (H, W, C), the order in which a batch of them is channels_last.
std::vector<int64_t> DatasetEncoder::row_shape() {
  if (!is_map()) return {part_.dimension};
  auto shape = stage_shapes().at(static_cast<size_t>(part_.first_trained) - 1);
  if (shape.size() == 3) std::rotate(shape.begin(), shape.begin() + 1, shape.end());
  return shape;
}

/// Of the map that `stages` stages give.
int64_t DatasetEncoder::row_numbers(int64_t stages) {
  int64_t numbers = 1;
  for (auto size : stage_shapes().at(static_cast<size_t>(stages) - 1)) numbers *= size;
  return numbers;
}

json DatasetEncoder::description(const EncodeRequest& request) const {
  json view = view_name(request.view);
  const bool random = request.view >= kFirstRandomView;
  if (random) view = {{"random", request.view - kFirstRandomView + 1}, {"seed", options_.seed}};
  json transforms = json::array(), versions = json::array();
  for (const auto& spec : transform_specs(request.view)) {
    auto one = spec.params;
    one["type"] = spec.info->id;
    transforms.push_back(one);
    versions.push_back(spec.info->version);
  }
  return {{"kindred", KINDRED_SDK_VERSION},
          {"libtorch", TORCH_VERSION},
          {"dataset", {options_.dataset.info->id, options_.dataset.info->version}},
          {"field", part_.field_name},
          {"samples", request.samples.size()},
          {"view", view},
          {"transforms", transforms},
          {"transform_versions", versions},
          {"encoder", encoder_description(spec_)},
          {"stage", part_.encoder->stages()[static_cast<size_t>(part_.first_trained) - 1]},
          {"computed", at::toString(request.compute)},
          {"stored", at::toString(request.stored)},
          {"device", device_.is_cpu() ? "cpu" : "accelerator"}};
}

/// Only pictures are transformed.
std::vector<ComponentSpec> DatasetEncoder::transform_specs(int64_t view) const {
  if (dataset_.object_kind() != ObjectKind::image) return {};
  return view >= kFirstRandomView ? options_.train_transforms : options_.transforms;
}

/// Of the dataset's files and the frozen tensors, which are the same for every entry and take long to read.
const std::string& DatasetEncoder::inputs_fingerprint() {
  if (!inputs_fingerprint_.empty()) return inputs_fingerprint_;
  Fingerprint fingerprint;
  fingerprint.add(dataset_.fingerprint());
  std::vector<NamedTensor> frozen;
  for (auto& one : module_tensors(*part_.encoder)) {
    if (part_.encoder->stage_of(one.name) < part_.first_trained) frozen.push_back(one);
  }
  fingerprint.add(frozen);
  return inputs_fingerprint_ = fingerprint.hex();
}

const std::string& DatasetEncoder::resource_hash(const std::string& file) {
  auto& hash = resource_hashes_[file];
  if (hash.empty()) hash = hash_of_file(file);
  return hash;
}

std::string DatasetEncoder::key(const EncodeRequest& request) {
  Fingerprint fingerprint;
  fingerprint.add(description(request).dump());
  fingerprint.add(inputs_fingerprint());
  // A file that a component is made from, such as a TorchScript module, holds more than its tensors.
  std::vector<ComponentSpec> made = transform_specs(request.view);
  made.push_back(spec_);
  for (const auto& spec : made) {
    for (const auto& path : resources_of(*spec.info, spec.params)) {
      for (const auto& file : resource_files(path)) {
        fingerprint.add(file.lexically_relative(path).string());
        fingerprint.add(resource_hash(file.string()));
      }
    }
  }
  fingerprint.add(std::string_view(reinterpret_cast<const char*>(request.samples.data()),
                                   request.samples.size() * sizeof(int64_t)));
  return fingerprint.hex();
}

void DatasetEncoder::check_room(const std::vector<EncodeRequest>& requests) {
  int64_t rows = 0, bytes_per_number = 0;  // of all requests together, by number of their map
  uintmax_t present = 0;
  for (const auto& request : requests) {
    const auto count = static_cast<int64_t>(request.samples.size());
    rows += count;
    bytes_per_number += count * static_cast<int64_t>(at::elementSize(request.stored));
    if (on_disk()) present += RowCache::bytes_present(options_.cache.directory, key(request));
  }
  const auto bytes = [&](int64_t stages) {
    return static_cast<uintmax_t>(row_numbers(stages) * bytes_per_number);
  };
  if (on_device()) {
    context_.info(fmt::format("maps: {} on {}", size_text(bytes(part_.first_trained)), device_.str()));
    return;
  }
  const auto place = on_disk() ? options_.cache.directory : std::string("memory");
  const auto free = on_disk() ? free_disk_bytes(options_.cache.directory) : available_memory_bytes();
  const auto names = part_.encoder->stages();
  const auto& cut = names[static_cast<size_t>(part_.first_trained)];
  const auto total = bytes(part_.first_trained);
  const auto need = total - std::min(present, total);
  context_.info(fmt::format("maps before {}: {} of {} numbers, {}, of which {} are there; {} are free in {}",
                            cut, rows, row_numbers(part_.first_trained), size_text(total),
                            size_text(std::min(present, total)), size_text(free), place));
  if (need <= free) return;
  std::string fitting;
  for (int64_t stages = 1; stages < part_.stage_count; ++stages) {
    if (bytes(stages) > free) continue;
    fitting += fmt::format("{}{} ({})", fitting.empty() ? "" : ", ", names[static_cast<size_t>(stages)],
                           size_text(bytes(stages)));
  }
  throw Error(fmt::format(
      "the maps before {} need {} more, but {} has {} free; {}; or lower cache.views, or take another {}",
      cut, size_text(need), place, size_text(free),
      fitting.empty() ? "no other stage would fit"
                      : "trained from one of these stages it would fit: " + fitting,
      on_disk() ? "cache.directory" : "cache.type"));
}

at::Tensor DatasetEncoder::rows_of(const BatchLoader::Loaded& loaded, const std::vector<int64_t>& asked,
                                   const EncodeRequest& request) {
  auto shape = row_shape();
  shape.insert(shape.begin(), static_cast<int64_t>(asked.size()));
  const auto missing = [&] {
    return at::full(shape, std::numeric_limits<float>::quiet_NaN(), at::kFloat).to(request.stored);
  };
  if (loaded.indices.empty()) return missing();
  auto batch = loaded.batch;
  batch.data = batch.data.to(device_);
  auto rows = is_map() ? part_.frozen_map(batch, request.compute) : part_.encode(batch);
  if (rows.dim() == 4) rows = rows.permute({0, 2, 3, 1});
  if (request.stored == at::kHalf && rows.abs().max().item<double>() > kLargestHalf) {
    throw Error(fmt::format("the {} hold numbers beyond the range of float16; set cache.{} to \"float32\"",
                            is_map() ? "maps" : "embeddings", is_map() ? "map_dtype" : "embedding_dtype"));
  }
  if (rows.sizes().slice(1) != at::IntArrayRef(shape).slice(1)) {
    throw Error(fmt::format(
        "the {} view of {} gives a map of another size than the plain view of the first picture; end "
        "data.transforms and data.train_transforms with the same exact size",
        view_name(request.view), dataset_.sample_name(loaded.indices.front())));
  }
  rows = rows.to(at::kCPU, request.stored).contiguous();
  if (rows.size(0) == shape.front()) return rows;
  auto out = missing();
  int64_t row = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (row < rows.size(0) && loaded.indices[static_cast<size_t>(row)] == asked[i]) {
      out[static_cast<int64_t>(i)].copy_(rows[row++]);
    }
  }
  return out;
}

EncodedRows DatasetEncoder::encode(const EncodeRequest& request) {
  at::NoGradGuard no_grad;
  part_.encoder->train(false);
  const double start = now_seconds();
  EncodedRows out;
  const auto matrix = dataset_.matrix();
  if (matrix.defined() && module_tensors(*part_.encoder).empty() && !is_map()) {
    // Vectors and an encoder without tensors: computing is cheaper than a cache.
    // All of them are asked for, in order, so that the mapped file itself can serve.
    TORCH_INTERNAL_ASSERT(static_cast<int64_t>(request.samples.size()) == matrix.size(0));
    out.values = part_.encode({matrix.to(at::kFloat).to(device_)}).cpu();
    out.cache_hit = true;
  } else {
    out = fill(request);
  }
  out.seconds = now_seconds() - start;
  return out;
}

EncodedRows DatasetEncoder::fill(const EncodeRequest& request) {
  EncodedRows out;
  std::vector<SkippedSample> skipped;
  const auto total = static_cast<int64_t>(request.samples.size());
  auto shape = row_shape();
  shape.insert(shape.begin(), total);
  const auto view = request.view == kPlainView && !is_map() ? "" : view_name(request.view) + " view of ";
  std::optional<RowCache> cache;
  int64_t first = 0;
  if (on_disk()) {
    cache.emplace(options_.cache.directory, key(request), request.stored, shape, description(request),
                  context_);
    if (cache->complete()) {
      out.values = cache->open(skipped);
      skips_.note(skipped);
      out.mapped = out.cache_hit = true;
      context_.info(fmt::format("{}{} samples from the cache", view, total));
      return out;
    }
    first = cache->rows_done();
    if (first > 0) context_.info(fmt::format("continuing a cache that holds {} of {} samples", first, total));
  } else {
    out.values = at::empty(
        shape,
        at::TensorOptions().dtype(request.stored).device(on_device() ? device_ : at::Device(at::kCPU)));
  }

  const bool random = request.view >= kFirstRandomView;
  BatchLoader::Options loading;
  loading.threads = options_.threads;
  loading.draws = [seed = options_.seed, view = request.view](int64_t sample, size_t transform) {
    return Random(seed, view_stream(view), sample, transform);
  };
  loading.mirror = request.view == kMirrorView;
  const auto batches = batches_of(request.samples, first, options_.cache.batch_size);
  BatchLoader loader(dataset_, random ? transforms_.train : transforms_.plain, batches, loading);
  Progress progress("encoding " + view, "samples", total, context_);
  int64_t done = first;
  for (const auto& asked : batches) {
    if (context_.interrupted()) {
      if (cache) cache->sync();
      throw Interrupted(fmt::format("{} of {} samples are encoded{}", done, total,
                                    cache ? " and kept; the next run continues there" : ""));
    }
    const auto loaded = loader.next();
    const auto rows = rows_of(loaded, asked, request);
    if (cache)
      cache->append(rows, loaded.skipped);
    else
      out.values.slice(0, done, done + rows.size(0)).copy_(rows);
    skips_.note(loaded.skipped);
    done += rows.size(0);
    progress.update(done);
  }
  progress.finish();
  out.encoded = total - first;
  if (cache) {
    cache->finish();
    out.values = cache->open(skipped);
    skips_.note(skipped);  // those of an earlier, stopped fill too
    out.mapped = true;
  }
  return out;
}

}  // namespace kindred::host
