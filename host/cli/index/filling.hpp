#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/cli/embed/embedding.hpp"
#include "host/cli/index/index_encoder.hpp"
#include "host/cli/index/index_sink.hpp"
#include "host/index/index_writer.hpp"
#include "host/index/shard_note.hpp"

namespace kindred::host {

/// What a command did to an index.
struct Filled {
  EmbedCount count;
  int64_t added = 0, there_before = 0;
  std::vector<nlohmann::json> failures;
  bool was_complete = false;  ///< a shard that an earlier command built; nothing was done
};

/// Warns of what could not be embedded.
void tell_failures(const Filled& filled, Context& context);

/// What --json says of it, and what is said without.
nlohmann::json said_of(const IndexWriter& writer, const Filled& filled);
std::string items_text(const IndexWriter& writer);
void print_filled(const CommandLine& command, const nlohmann::json& said, const std::string& text);

/// Puts what a command line names into an index: with --shard, of it the shard's part.
class Filling {
 public:
  /// All must outlive it. With --thumbnails it asks the index for them. Throws UsageError where there are no
  /// pictures.
  Filling(const CommandLine& command, const IndexEncoder& encoder, IndexWriter& writer);

  /// `resumes`: what is there already is of this work, begun earlier. Throws Error, also where the index is a
  /// shard of something else; Interrupted.
  Filled fill(const std::vector<std::string>& paths, bool resumes);

  /// Encodes files again in place of the items that they gave.
  Filled replace(const std::map<std::string, Item>& items);

 private:
  Filled from_files(std::vector<std::string> files, bool resumes);
  Filled from_dataset(bool resumes);
  bool is_complete_shard(const ShardNote& note);
  PictureUse use_of(IndexSink& sink) const { return {sink.see_pictures(), writer_.space().change.mirror}; }
  template <class Encode>
  Filled through(IndexSink& sink, Filled filled, Encode&& encode);
  void leave_out_known(std::vector<std::string>& files, bool resumes) const;

  const CommandLine& command_;
  const IndexEncoder& encoder_;
  IndexWriter& writer_;
};

}  // namespace kindred::host
