#include "host/engine/encode.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "host/engine/embedding_cache.hpp"
#include "host/engine/fingerprint.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/guarded_call.hpp"
#include "host/support/clock.hpp"
#include "host/support/interrupt.hpp"
#include "host/support/log.hpp"
#include "host/support/progress.hpp"
#include "kindred/build_tag.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::vector<std::vector<int64_t>> consecutive_batches(int64_t first, int64_t end, int64_t size) {
  std::vector<std::vector<int64_t>> batches;
  for (; first < end; first += size) {
    std::vector<int64_t> batch;
    for (int64_t i = first; i < std::min(first + size, end); ++i) batch.push_back(i);
    batches.push_back(std::move(batch));
  }
  return batches;
}

/// float32 (B, D) on the CPU for all `asked` samples: NaN where one was skipped.
at::Tensor rows_of(const BatchLoader::Loaded& loaded, const std::vector<int64_t>& asked, const Model& model,
                   at::Device device) {
  auto out = at::full({static_cast<int64_t>(asked.size()), model.embedding_dimension},
                      std::numeric_limits<float>::quiet_NaN(), at::kFloat);
  if (loaded.indices.empty()) return out;
  auto batch = loaded.batch;
  batch.data = batch.data.to(device);
  const auto rows = model.encode(batch).cpu();
  if (rows.size(0) == out.size(0)) return rows;
  int64_t row = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (row < rows.size(0) && loaded.indices[static_cast<size_t>(row)] == asked[i]) {
      out[static_cast<int64_t>(i)].copy_(rows[row++]);
    }
  }
  return out;
}

}  // namespace

std::string encoder_description(const EncoderSpec& encoder) {
  // The tensors are hashed themselves; where they came from does not matter.
  json params = encoder.params;
  for (const auto& [name, field] : encoder.info->schema["properties"].items()) {
    if (field.value("x-path", "") == "initial_weights") params.erase(name);
  }
  return json{{"id", encoder.info->id},
              {"version", encoder.info->version},
              {"params", params},
              {"precision", encoder.options.precision}}
      .dump();
}

EncodedDataset encode_dataset(const Dataset& dataset, const std::string& dataset_id,
                              const std::vector<std::shared_ptr<Transform>>& transforms,
                              const std::string& transforms_description, const Model& model,
                              const std::string& encoder_description, const EncodeOptions& options) {
  at::NoGradGuard no_grad;
  const double start = now_seconds();
  EncodedDataset out;
  model.encoder->train(false);
  const auto tensors = module_tensors(*model.encoder);
  const auto matrix = dataset.matrix();
  if (matrix.defined() && tensors.empty()) {
    // Vectors and an encoder without tensors: computing is cheaper than a cache.
    out.embeddings = model.encode({matrix.to(at::kFloat).to(options.device), {}}).cpu();
    out.seconds = now_seconds() - start;
    out.cache_hit = true;
    return out;
  }

  const int64_t total = dataset.size();
  std::optional<EmbeddingCache> cache;
  int64_t first = 0;
  if (options.cache.type != "memory") {
    Fingerprint fingerprint;
    const json description = {{"kindred", KINDRED_SDK_VERSION},
                              {"libtorch", TORCH_VERSION},
                              {"dataset", dataset_id},
                              {"samples", total},
                              {"transforms", json::parse(transforms_description)},
                              {"encoder", json::parse(encoder_description)},
                              {"stage", model.encoder->stages().back()},
                              {"device", options.device.is_cpu() ? "cpu" : "accelerator"}};
    fingerprint.add(description.dump());
    fingerprint.add(dataset.fingerprint());
    fingerprint.add(tensors);
    cache.emplace(options.cache.directory, fingerprint.hex(), total,
                  std::vector<int64_t>{model.embedding_dimension}, description);
    if (cache->complete()) {
      out.embeddings = cache->open(out.skipped);
      out.cache_hit = true;
      out.seconds = now_seconds() - start;
      log_info(fmt::format("embeddings of {} samples from the cache", total));
      return out;
    }
    first = cache->rows_done();
    if (first > 0) log_info(fmt::format("continuing a cache that holds {} of {} samples", first, total));
  } else {
    out.embeddings = at::empty({total, model.embedding_dimension}, at::kFloat);
  }

  const auto batches = consecutive_batches(first, total, options.cache.batch_size);
  BatchLoader::Options loading;
  loading.threads = options.threads;
  BatchLoader loader(dataset, transforms, batches, loading);
  Progress progress("encoding", "samples", total, options.quiet);
  int64_t done = first;
  for (const auto& asked : batches) {
    if (interrupted()) {
      if (cache) cache->sync();
      throw Interrupted(fmt::format("{} of {} samples are encoded{}", done, total,
                                    cache ? " and kept; the next run continues there" : ""));
    }
    const auto loaded = loader.next();
    const auto rows = rows_of(loaded, asked, model, options.device);
    out.skipped.insert(out.skipped.end(), loaded.skipped.begin(), loaded.skipped.end());
    if (cache)
      cache->append(rows, loaded.skipped);
    else
      out.embeddings.slice(0, done, done + rows.size(0)).copy_(rows);
    done += rows.size(0);
    progress.update(done);
  }
  progress.finish();
  out.encoded = total - first;
  if (cache) {
    cache->finish();
    out.skipped.clear();
    out.embeddings = cache->open(out.skipped);
  }
  out.seconds = now_seconds() - start;
  return out;
}

at::Tensor encode_rows(const Dataset& dataset, std::vector<int64_t>& rows,
                       const std::vector<std::shared_ptr<Transform>>& transforms, const Model& model,
                       const EncodeRowsOptions& options, std::vector<SkippedSample>& skipped) {
  at::NoGradGuard no_grad;
  model.encoder->train(false);
  std::vector<std::vector<int64_t>> batches;
  for (auto begin = rows.begin(); begin != rows.end();) {
    const auto end = begin + std::min<std::ptrdiff_t>(options.batch_size, rows.end() - begin);
    batches.emplace_back(begin, end);
    begin = end;
  }
  BatchLoader::Options loading;
  loading.threads = options.threads;
  BatchLoader loader(dataset, transforms, batches, loading);
  Progress progress("encoding", "samples", static_cast<int64_t>(rows.size()), options.quiet);
  std::vector<at::Tensor> parts = {at::empty({0, model.embedding_dimension}, at::kFloat).to(options.device)};
  std::vector<int64_t> readable;
  int64_t done = 0;
  for (const auto& asked : batches) {
    if (interrupted()) throw Interrupted("while encoding; nothing was lost");
    auto loaded = loader.next();
    skipped.insert(skipped.end(), loaded.skipped.begin(), loaded.skipped.end());
    readable.insert(readable.end(), loaded.indices.begin(), loaded.indices.end());
    if (!loaded.indices.empty()) {
      loaded.batch.data = loaded.batch.data.to(options.device);
      parts.push_back(model.encode(loaded.batch));
    }
    done += static_cast<int64_t>(asked.size());
    progress.update(done);
  }
  rows = std::move(readable);
  return at::cat(parts);
}

}  // namespace kindred::host
