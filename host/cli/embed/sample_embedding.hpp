#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/progress.hpp"
#include "host/cli/embed/chunk_size.hpp"
#include "host/cli/embed/embedding.hpp"
#include "host/cli/embed/embedding_sink.hpp"
#include "host/inference/inference_model.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// A few neighbouring inputs: the samples [first, end) of a dataset.
struct SampleChunk {
  const Dataset& samples;
  int64_t first = 0, end = 0;
  std::vector<nlohmann::json> lines;  ///< what is said of each
  std::string hash;                   ///< of all inputs until `end`, where they are known only as they come
};

/// Embeds samples a chunk at a time and writes the rows of each. What a row becomes depends on the samples of
/// its batch, and never on how many batches make a chunk, so that an embedding that was interrupted ends with
/// the same bytes as one that was not. [one thread at a time]
class SampleEmbedding {
 public:
  /// All must outlive it. `out`: begun.
  SampleEmbedding(const InferenceModel& model, const EmbedOptions& options, EmbeddingSink& out,
                  Progress& progress, Context& context)
      : model_(model),
        batch_size_(options.batch_size),
        and_mirror_(options.and_mirror),
        see_(options.see),
        out_(out),
        progress_(progress),
        context_(context) {}

  /// How many inputs the next chunk shall hold.
  int64_t next_size() const { return size_.batches() * batch_size_; }

  /// Embeds a chunk. Throws Interrupted before it begins; what the model throws for each of very many
  /// samples.
  void add(SampleChunk chunk);

  /// Throws what the model threw last where there is not a single row: then it is the model that is wrong.
  void check_end() const;

 private:
  struct Encoded {
    at::Tensor rows;  ///< on the CPU
    std::vector<SampleIndex> samples;
    std::vector<SkippedSample> skipped;
  };
  Encoded encode(const Dataset& samples, const std::vector<SampleIndex>& asked, Context& context);
  Encoded encode_batch(const Dataset& samples, const std::vector<SampleIndex>& asked, Context& context);
  Encoded encode_chunk(const Dataset& samples, const SampleChunk& chunk, Context& context);
  Encoded encode_seen(const SampleChunk& chunk, Context& context);
  void write(SampleChunk chunk, const Encoded& encoded);

  const InferenceModel& model_;
  const int64_t batch_size_;
  const bool and_mirror_;
  const SeePicture see_;
  EmbeddingSink& out_;
  Progress& progress_;
  Context& context_;
  ChunkSize size_;
  int64_t failed_in_a_row_ = 0;  ///< samples that the model made nothing of, since the last that it did
  std::exception_ptr failure_;   ///< the last one
};

}  // namespace kindred::host
