#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/data/batch_loader.hpp"
#include "host/data/skip_log.hpp"
#include "host/data/transform_list.hpp"
#include "host/encoding/encoding_options.hpp"
#include "host/model/encoder_part.hpp"
#include "host/options/model_options.hpp"

namespace kindred::host {

/// What the frozen stages make of one view of some samples.
struct EncodeRequest {
  int64_t view = 0;
  std::vector<int64_t> samples;
  at::ScalarType compute = at::kFloat;  ///< the stages' arithmetic
  at::ScalarType stored = at::kFloat;   ///< float32, float16 or bfloat16
};

struct EncodedRows {
  at::Tensor values;  ///< (N, ...), a row per sample of the request; NaN where a sample was skipped
  bool mapped = false;
  bool cache_hit = false;  ///< nothing had to be encoded
  int64_t encoded = 0;     ///< samples encoded by this call
  double seconds = 0;
};

/// Runs the stages of an encoder that are frozen, all of them or those before the first trained one, and
/// keeps what comes out in the cache: each (view, samples) is an entry of its own, so that more views
/// later cost only themselves. An entry's key covers everything that decides its values.
class DatasetEncoder {
 public:
  /// Everything given by reference must outlive it.
  /// `dataset`: of the field that `part` reads; `spec`: where `part` comes from.
  DatasetEncoder(const EncodingOptions& options, const EncoderSpec& spec, const Dataset& dataset,
                 const TransformLists& transforms, const EncoderPart& part, at::Device device, SkipLog& skips,
                 Context& context);

  /// Says how much will be stored and how much room there is. Throws Error when it does not fit, naming the
  /// stages that would. For encoders trained from a stage; embeddings are small.
  void check_room(const std::vector<EncodeRequest>& requests);

  /// Reads, transforms and encodes the samples, or opens what an earlier call left in the cache. Vectors
  /// that an encoder hands through unchanged are used in place. A stopped call (Ctrl-C: throws Interrupted)
  /// is continued by the next one. Throws Error, PluginError.
  EncodedRows encode(const EncodeRequest& request);

 private:
  bool on_disk() const { return options_.cache.on_disk(); }
  bool on_device() const { return options_.cache.on_device(); }
  bool is_map() const { return part_.learns(); }
  const std::vector<std::vector<int64_t>>& stage_shapes();
  std::vector<int64_t> row_shape();
  int64_t row_numbers(int64_t stages);
  nlohmann::json description(const EncodeRequest& request) const;
  std::vector<ComponentSpec> transform_specs(int64_t view) const;
  const std::string& inputs_fingerprint();
  const std::string& resource_hash(const std::string& file);
  std::string key(const EncodeRequest& request);
  at::Tensor rows_of(const BatchLoader::Loaded& loaded, const std::vector<int64_t>& asked,
                     const EncodeRequest& request);
  EncodedRows fill(const EncodeRequest& request);

  const EncodingOptions& options_;
  const EncoderSpec& spec_;
  const Dataset& dataset_;
  const TransformLists& transforms_;
  const EncoderPart& part_;
  at::Device device_;
  SkipLog& skips_;
  Context& context_;
  std::vector<std::vector<int64_t>> stage_shapes_;
  std::string inputs_fingerprint_;
  std::map<std::string, std::string> resource_hashes_;  ///< by path: they may have gigabytes
};

}  // namespace kindred::host
