#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"

namespace kindred::host {

/// What decides the rows of an embedding: one that was begun is continued only where all of it is the same.
struct EmbeddingIdentity {
  std::string model, inputs, settings;
  int64_t dimension = 0;
};

/// How far an embedding has come.
struct EmbeddingPosition {
  int64_t inputs = 0;  ///< dealt with, in their order
  int64_t rows = 0;    ///< of the array; fewer than inputs where some failed
  int64_t failed = 0;
  std::string hash;  ///< of the inputs so far, where they are known only as they come
};

/// The two files that `host embed` leaves, an array and beside it a .jsonl file of lines, written as rows
/// come:
///   NAME.npy.partial         the array, with room for its header
///   NAME.jsonl.partial       the lines
///   NAME.npy.progress.json   how much of both is safely on disk, and of what
/// A process that dies leaves these, and a later one continues them. Whoever writes holds a lock on the
/// partial array. Both files get their names when they are complete, within a moment of each other.
/// [one thread at a time]
class EmbeddingOutput {
 public:
  /// Makes the folder of `array`, which ends in .npy, and the partial files, before anything is computed.
  /// `resume`: go on with what is there. Throws Error where they cannot be written, or where another process
  /// writes them.
  EmbeddingOutput(const std::string& array, bool resume, Context& context);
  /// Leaves the partial files where rows are safely in them.
  ~EmbeddingOutput();
  EmbeddingOutput(const EmbeddingOutput&) = delete;
  EmbeddingOutput& operator=(const EmbeddingOutput&) = delete;

  /// Returns where to go on. `expected_rows`: at most so many come; 0: nobody knows. Throws Error where the
  /// disk has no room for them, or where what is to be continued is of something else.
  EmbeddingPosition begin(const EmbeddingIdentity& identity, int64_t expected_rows);

  /// Appends rows float32 (n, D) on the CPU and the lines that belong to them; `position` is where this ends.
  /// Throws Error.
  void append(const at::Tensor& rows, const std::vector<nlohmann::json>& lines,
              const EmbeddingPosition& position);

  /// Makes what was appended survive a crash.
  void sync();
  /// Gives the files their names; without any row there is no array, but the lines say why. `last` lines
  /// follow the others.
  void finish(const std::vector<nlohmann::json>& last);

  /// All files that an embedding with this array writes, for good or for a while: the array first.
  static std::vector<std::string> files_of(const std::string& array);

  const EmbeddingPosition& position() const { return position_; }
  /// D of the rows, after begin().
  int64_t dimension() const { return identity_.dimension; }
  std::string array() const { return array_.string(); }
  std::string list() const { return list_.string(); }

 private:
  std::filesystem::path partial_array() const { return array_.string() + ".partial"; }
  std::filesystem::path partial_list() const { return list_.string() + ".partial"; }
  std::filesystem::path progress() const { return array_.string() + ".progress.json"; }
  void open_files();
  bool read_progress();
  void start_over();
  void check_room(int64_t expected_rows) const;
  void write_lines(const std::vector<nlohmann::json>& lines);

  const std::filesystem::path array_, list_;
  const bool resume_;
  Context& context_;
  int array_file_ = -1, list_file_ = -1;
  EmbeddingIdentity identity_;
  EmbeddingPosition position_;
  int64_t list_bytes_ = 0;
  double last_sync_ = 0;
  bool is_finished_ = false, is_kept_ = false;
  bool is_own_ = false;  ///< the partial files were made, or begun anew, by this object
};

}  // namespace kindred::host
