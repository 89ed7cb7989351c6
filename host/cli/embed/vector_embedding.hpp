#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/cli/embed/embedding.hpp"
#include "host/cli/embed/embedding_sink.hpp"
#include "host/inference/inference_model.hpp"

namespace kindred::host {

/// Numbers of each vector in the first of the files (.npy) that can be read; 0: in none.
int64_t first_length(const std::vector<std::string>& files);

/// Embeds the matrices of .npy files. Only one file is open at a time, and of it a few thousand vectors are
/// in memory. Throws Error where a file changes meanwhile, Interrupted.
EmbedCount embed_vectors(const InferenceModel& model, const std::vector<std::string>& files,
                         const EmbedOptions& options, EmbeddingSink& out, Context& context);

}  // namespace kindred::host
