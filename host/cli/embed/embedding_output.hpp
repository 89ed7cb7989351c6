#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/cli/embed/embedding_sink.hpp"

namespace kindred::host {

/// The two files that `host embed` leaves, an array and beside it a .jsonl file of lines, written as rows
/// come:
///   NAME.npy.partial         the array, with room for its header
///   NAME.jsonl.partial       the lines
///   NAME.npy.progress.json   how much of both is safely on disk, and of what
/// and beside the files of a shard NAME.json (ShardRecord), which is written last and says that they are
/// complete. A process that dies leaves the partial files, and a later one continues them. Whoever writes
/// holds a lock on the partial array. Both files get their names when they are complete, within a moment of
/// each other. [one thread at a time]
class EmbeddingOutput final : public EmbeddingSink {
 public:
  /// Makes the folder of `array`, which ends in .npy, and the partial files, before anything is computed.
  /// `resume`: go on with what is there. Throws Error where they cannot be written, or where another process
  /// writes them.
  EmbeddingOutput(const std::string& array, bool resume, Context& context);
  /// Leaves the partial files where rows are safely in them.
  ~EmbeddingOutput() override;
  EmbeddingOutput(const EmbeddingOutput&) = delete;
  EmbeddingOutput& operator=(const EmbeddingOutput&) = delete;

  /// Of a shard that is complete already, of the same inputs and model, it says so and returns its end: it is
  /// left as it is then.
  EmbeddingPosition begin(const EmbeddingIdentity& identity, int64_t expected_rows) override;
  void append(const at::Tensor& rows, const std::vector<nlohmann::json>& lines,
              const EmbeddingPosition& position) override;

  /// Makes what was appended survive a crash.
  void sync();
  /// Gives the files their names; without any row there is no array, but the lines say why. `last` lines
  /// follow the others.
  void finish(const std::vector<nlohmann::json>& last) override;

  /// All files that an embedding with this array writes, for good or for a while: the array first.
  static std::vector<std::string> files_of(const std::string& array);

  const EmbeddingPosition& position() const override { return position_; }
  std::string name() const override { return array(); }
  /// D of the rows, after begin().
  int64_t dimension() const { return identity_.dimension; }
  /// Says after begin() whether this is a shard that no input fell to.
  bool is_empty_share() const { return identity_.share && identity_.share->size() == 0; }
  std::string array() const { return array_.string(); }
  std::string list() const { return list_.string(); }

 private:
  std::filesystem::path partial_array() const { return array_.string() + ".partial"; }
  std::filesystem::path partial_list() const { return list_.string() + ".partial"; }
  std::filesystem::path progress() const { return array_.string() + ".progress.json"; }
  void open_files();
  bool is_complete_shard();
  void remove_partial_files();
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
  bool is_complete_ = false;  ///< a shard that an earlier command finished
  bool is_own_ = false;       ///< the partial files were made, or begun anew, by this object
};

}  // namespace kindred::host
