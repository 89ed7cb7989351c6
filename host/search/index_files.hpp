#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "kindred/distance.hpp"

namespace kindred::host {

/// What an index keeps on disk.
struct StoredIndex {
  Distance distance = Distance::cosine;
  at::Tensor rows;  ///< float32 (N, D); of unit length where the distance is the cosine
};

/// Returns a text such as "cosine", or "lp with p = 3".
std::string distance_text(Distance distance);

/// Writes a folder of two files: index.json says the distance, the number of rows, their dimension and the
/// version of the format, and rows-HASH.npy has the rows. index.json is replaced last and names the other by
/// its hash, so that a reader finds the old index or the new one whole. Throws Error, and writes nothing,
/// when the folder has files but no index.json.
void write_index_files(const std::string& folder, const StoredIndex& index);

/// The rows lie in a private map of their file: they are read when they are used, and writing to them never
/// changes the file. Throws Error that names the file when the folder holds no index, one of a version that
/// is not known, or one whose files are damaged.
StoredIndex read_index_files(const std::string& folder);

}  // namespace kindred::host
