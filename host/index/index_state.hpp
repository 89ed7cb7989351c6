#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/index/item_table.hpp"
#include "host/index/manifest.hpp"

namespace kindred::host {

/// What whitening learned from the rows of an index.
struct LearnedWhitening {
  std::string folder;  ///< of its files, in that of the index; "": nothing was learned
  std::vector<ComponentFile> files;
  int64_t rows = 0;  ///< that it was learned from
};

/// What one commit of an index says of it as a whole.
struct IndexState {
  int64_t generation = 1;  ///< grows where rows get other numbers, which compacting does
  int64_t commits = 0;
  int64_t next_file = 0;  ///< in the name of the next file; no name is given twice
  int64_t rows = 0, removed = 0;
  std::vector<Segment> segments;
  IndexComponent component;
  LearnedWhitening whitening;
};

constexpr const char* kMetadataFile = "metadata.sqlite";

/// The name of the fact that holds a note of the program.
std::string note_name(const std::string& name);

/// The state that the transaction of the caller sees. Throws Error where the tables contradict each other.
IndexState read_state(Database& database);
/// Writes what is no table of its own: generation, commits, next_file, component, whitening.
void write_state(ItemTable& table, const IndexState& state);

/// Says whether rows wait for a whitening that is not learned yet, which is done when a build ends. Until
/// then they are stored as the model gives them, cut where that is asked for, as float32.
bool waits_for_whitening(const IndexSpace& space, const IndexState& state);

/// How rows are stored in this state: as `promised`, which manifest.json says, unless they wait.
IndexSpace space_now(const IndexSpace& promised, const IndexState& state);

/// Rows float32 (n, D) as an index stores them: of length 1 where its distance is the cosine, in its
/// precision, contiguous. Throws Error where there are other numbers per row, and names the first row that
/// cannot be stored.
at::Tensor stored_form(const IndexSpace& space, const at::Tensor& rows);

}  // namespace kindred::host
