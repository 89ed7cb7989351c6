#pragma once

#include <map>
#include <string>
#include <vector>

#include "kindred/dataset.hpp"
#include "tar_file.hpp"

namespace kindred {

/// The files of one sample by what follows the first dot of their names, in lower case: "jpg", "side.png".
using TarParts = std::map<std::string, TarEntry>;

/// The members of shards by WebDataset's rules: the key of a sample is the name up to the first dot behind
/// its last slash. Nothing is read but headers.
class TarSamples {
 public:
  /// `extensions`: of pictures, in lower case; of two in a sample the first here is taken. `chosen`: somebody
  /// said so, and needs no warning of it.
  TarSamples(std::vector<std::string> extensions, bool chosen)
      : extensions_(std::move(extensions)), chosen_(chosen) {}

  struct Sample {
    std::string image;  ///< its key in `parts`
    TarParts parts;
    const TarEntry& file() const { return parts.at(image); }
  };

  /// The samples of a shard that have a picture, in the order of their first members. Throws Error where two
  /// members are the same part of a sample, or it is not to be told which of its pictures is meant.
  std::vector<Sample> of_shard(const TarFile& shard);

  /// What was left out of the shards so far, which lie in `where`.
  std::vector<Note> notes(const std::string& where) const;

 private:
  std::vector<TarParts> grouped(const TarContent& content, const std::string& shard);
  std::string image_of(const TarParts& parts, const std::string& shard) const;
  bool is_image(const std::string& part) const;

  std::vector<std::string> extensions_;
  bool chosen_;
  std::vector<std::string> without_image_, links_, further_, unread_;
};

}  // namespace kindred
