#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/data/skip_log.hpp"
#include "host/data/transform_list.hpp"
#include "host/encoding/encoding_options.hpp"
#include "host/encoding/entry_key.hpp"
#include "host/encoding/feature_request.hpp"
#include "host/encoding/frozen_stages.hpp"
#include "host/encoding/row_block.hpp"
#include "host/encoding/row_cache.hpp"
#include "host/encoding/shard_owners.hpp"
#include "host/encoding/shared_fill.hpp"
#include "host/model/encoder_part.hpp"
#include "host/options/model_options.hpp"

namespace kindred::host {

/// What the frozen stages gave for a request.
struct ExtractedFeatures {
  /// Together (N, ...), a row per sample of the request in its order; NaN where a sample was skipped. One
  /// block per shard where they are mapped, else one.
  std::vector<RowBlock> blocks;
  bool mapped = false;
  bool cache_hit = false;  ///< nothing had to be encoded
  int64_t encoded = 0;     ///< samples encoded by this call
  double seconds = 0;
};

/// An entry that several processes fill.
struct FillTask {
  size_t encoder = 0;  ///< its number in the model
  FeatureRequest request;
  std::vector<int64_t> owners{};  ///< by shard, the process that is to fill it
  int64_t own_filled = 0;         ///< of its own shards, by this process
  FilledEntry entry{};
};

/// Extracts features: runs the stages of an encoder that are frozen, all of them or those before the first
/// trained one, over samples of a dataset, and keeps what comes out in the cache or in memory. In the cache
/// each (view, samples) is an entry of its own, so that more views later cost only themselves. An entry's key
/// covers everything that decides its values.
class FeatureExtractor {
 public:
  /// Everything given by reference must outlive it. `dataset`: of the field that `part` reads; `spec`: where
  /// `part` comes from.
  FeatureExtractor(const EncodingOptions& options, const EncoderSpec& spec, const Dataset& dataset,
                   const TransformLists& transforms, const EncoderPart& part, at::Device device,
                   SkipLog& skips, Context& context);

  /// Calls check_room() of room_check.hpp, which throws Error where the feature maps do not fit. It is for
  /// encoders trained from a stage; embeddings are small.
  void check_room(const std::vector<FeatureRequest>& requests);

  /// Reads, transforms and encodes the samples, or opens what an earlier call left in the cache; what other
  /// processes encode of the same entry at that time is used, too. Vectors that an encoder hands through
  /// unchanged are used in place. A stopped call (Ctrl-C: throws Interrupted) is continued by the next one.
  /// Throws Error, PluginError.
  ExtractedFeatures extract(const FeatureRequest& request);

  /// Says whether what extract() gives is kept on disk.
  bool keeps_on_disk() const;
  /// One process's turn at an entry that several fill: adds what was done to `task.entry`. In the first turn
  /// `owners` divides its shards. Returns the number of samples that were encoded. Throws like extract().
  int64_t fill(FillTask& task, const FillShare& share, FillTurn turn, ShardOwners& owners);

 private:
  bool is_direct() const;
  void prepare(const FeatureRequest& request);
  void leave();
  std::unique_ptr<RowCache> open_cache(const FeatureRequest& request, const std::string& machine);
  int64_t encode_into(ShardSource& shards, const FeatureRequest& request);
  ExtractedFeatures from_matrix(const at::Tensor& matrix, const FeatureRequest& request);
  ExtractedFeatures from_cache(const FeatureRequest& request);
  ExtractedFeatures into_memory(const FeatureRequest& request);
  std::string progress_label(const FeatureRequest& request) const;

  const EncodingOptions& options_;
  const Dataset& dataset_;
  const TransformLists& transforms_;
  const EncoderPart& part_;
  at::Device device_;
  SkipLog& skips_;
  Context& context_;
  FrozenStages stages_;
  EntryKeys keys_;
};

}  // namespace kindred::host
