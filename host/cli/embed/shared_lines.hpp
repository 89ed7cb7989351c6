#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/embed/input_share.hpp"
#include "host/cli/embed/text_lines.hpp"

namespace kindred::host {

/// Reads text files once, to see which of their lines are a shard's. Throws UsageError where they name the
/// standard input, which could not be read again.
InputShare share_of_texts(const std::vector<std::string>& files, int64_t batch_size,
                          const ShardChoice& shard);

/// The lines of a share, or all of them. [one thread at a time]
class SharedLines {
 public:
  /// `files` must outlive it.
  SharedLines(const std::vector<std::string>& files, const std::optional<InputShare>& share);

  /// See TextLines.
  bool next(std::string& text, nlohmann::json& said);

  /// What is said of files and lines that could not be read. One that stands before a line of the share is
  /// this shard's; one behind all lines is the last shard's.
  std::vector<nlohmann::json> unreadable() const;

 private:
  TextLines lines_;
  int64_t left_ = -1;       ///< lines of the share that are still to come; -1: all are its
  bool takes_rest_ = true;  ///< what is behind the last line
  size_t of_others_ = 0;    ///< unreadable ones before the share
};

}  // namespace kindred::host
