#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/base/index_types.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Samples of which each is equal to the others, ascending; at least two.
using EqualSamples = std::vector<SampleIndex>;

/// How equal samples are looked for.
struct EqualSearch {
  bool read_pictures = false;  ///< also those of which the dataset does not say where they lie
  int64_t threads = 0;         ///< that read files; 0: one per processor
  std::string folder;          ///< where what was found is kept for later runs, "" : nowhere
};

/// Finds samples whose objects are equal: files byte by byte, texts, vectors and records by what is read. The
/// groups are ascending by their first sample. Of files whose sizes differ nothing is read, of the others
/// first 4 KiB of their middle, and only files that are equal there are read whole. What was read is kept in
/// a file of `search.folder` under the dataset's fingerprint, so that it is not read again. A file that
/// cannot be read is equal to none. Returns nothing where pictures would have to be decoded for it and that
/// is not asked for. Throws Error, Interrupted.
std::optional<std::vector<EqualSamples>> equal_samples(const Dataset& dataset, const EqualSearch& search,
                                                       Context& context);

}  // namespace kindred::host
