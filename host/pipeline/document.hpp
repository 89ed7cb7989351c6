#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/issue.hpp"

namespace kindred::host {

/// A pipeline file after "extends", "--set" and environment expansion, before any meaning is checked.
struct Document {
  std::string file;      ///< as given, for messages
  nlohmann::json value;  ///< one object, without "extends" and "$schema"

  /// Makes the path at `pointer` absolute against the folder of the file that wrote it (the working
  /// directory for --set). Absolute and empty paths stay.
  std::string resolve_path(const std::string& pointer, const std::string& path) const;

  /// The file that wrote the value at `pointer`, for messages: with "extends" it may be another than `file`.
  const std::string& file_of(const std::string& pointer) const;

  struct Origin {
    std::string file;    ///< as given
    std::string folder;  ///< absolute; paths start there
  };
  /// The key is the JSON pointer of the value that an origin holds for; the longest matching prefix decides.
  std::map<std::string, Origin> origins;

  /// Strings that could not be expanded, and overrides that could not be applied.
  std::vector<Issue> issues;
};

/// Reads `path`, merges what it extends (objects key by key; an object whose "type" differs, an array or a
/// plain value replaces; null removes), applies `overrides` ("train.loss.margin=0.3"; the value is JSON, or
/// else a string) and expands ${NAME} and ${NAME:-default} inside strings. What goes wrong with the last two
/// is left to `issues`, so that it is reported with all else. Throws PipelineError where a file cannot be
/// read.
Document read_document(const std::string& path, const std::vector<std::string>& overrides);

/// Does the same, but throws PipelineError for `issues`, too.
Document load_document(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace kindred::host
