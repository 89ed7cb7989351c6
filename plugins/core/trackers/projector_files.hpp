#pragma once

#include <string>

#include "kindred/tracker.hpp"

namespace kindred {

/// Writes what TensorBoard's projector reads (tensorboard/plugins/projector/projector_config.proto) of at
/// most `most` of the samples, evenly chosen: projector_config.pbtxt, base.tsv and tuned.tsv with a line of
/// numbers for each, and samples.tsv with their names and classes. Throws Error.
void write_projector_files(const std::string& folder, const TrackedEmbeddings& embeddings, int64_t most);

}  // namespace kindred
