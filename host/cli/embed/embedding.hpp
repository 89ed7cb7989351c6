#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/cli/embed/embedding_sink.hpp"
#include "host/cli/shard_choice.hpp"
#include "host/data/decoders.hpp"
#include "host/data/seen_dataset.hpp"
#include "host/inference/inference_model.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// What an embedding is made by, beside its inputs.
struct EmbedOptions {
  std::string model;     ///< a hash of all that the model is made of
  std::string settings;  ///< of the command line
  int64_t batch_size = 32;
  bool and_mirror = false;  ///< means of pictures and of their mirror images; a part of `settings`
  SeePicture see{};         ///< gets each picture that is read, by the number of its input; null: nobody does
  std::optional<ShardChoice> shard{};  ///< which of the inputs are embedded; nothing: all
};

/// How many inputs could not be embedded; `text`: "3 of 20 inputs", or "".
struct EmbedCount {
  int64_t failed = 0;
  std::string text;
};

std::string count_text(int64_t failed, int64_t all, const char* unit);

/// Begins to write what `inputs` says, and of it the share, where there is one.
EmbeddingPosition begin_embedding(EmbeddingSink& out, const EmbedOptions& options, int64_t dimension,
                                  const std::string& inputs, const std::optional<InputShare>& share,
                                  int64_t expected_rows);

/// What the files hold, by a model with one encoder: a picture, vectors, or a text per line. Rows go to `out`
/// as they come; what cannot be embedded, or gives numbers that are not finite, has a line that says why and
/// no row. Throws Error where no file exists, PluginError, UsageError where a shard of texts would read the
/// standard input, Interrupted.
EmbedCount embed_files(const InferenceModel& model, const Decoders& decoders,
                       const std::vector<std::string>& files, const EmbedOptions& options, EmbeddingSink& out,
                       Context& context);

/// Every sample of a dataset. Throws Error, PluginError, Interrupted.
EmbedCount embed_dataset(const InferenceModel& model, const Dataset& dataset, const EmbedOptions& options,
                         EmbeddingSink& out, Context& context);

}  // namespace kindred::host
