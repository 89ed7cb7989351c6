#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/index/item_table.hpp"
#include "host/index/manifest.hpp"

namespace kindred::host {

/// What one commit of an index says of it as a whole.
struct IndexState {
  int64_t generation = 1;  ///< grows where rows get other numbers, which compacting does
  int64_t commits = 0;
  int64_t next_file = 0;  ///< in the name of the next file; no name is given twice
  int64_t rows = 0, removed = 0;
  std::vector<Segment> segments;
  IndexComponent component;
};

constexpr const char* kMetadataFile = "metadata.sqlite";

/// The name of the fact that holds a note of the program.
std::string note_name(const std::string& name);

/// The state that the transaction of the caller sees. Throws Error where the tables contradict each other.
IndexState read_state(Database& database);
/// Writes what is no table of its own: generation, commits, next_file, component.
void write_state(ItemTable& table, const IndexState& state);

/// Rows float32 (n, D) as an index stores them: of length 1 where its distance is the cosine, in its
/// precision, contiguous. Throws Error where there are other numbers per row, and names the first row that
/// cannot be stored.
at::Tensor stored_form(const IndexSpace& space, const at::Tensor& rows);

}  // namespace kindred::host
