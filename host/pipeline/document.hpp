#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/pipeline/issue.hpp"

namespace kindred::host {

/// A pipeline file after "extends", "--set" and environment expansion, before any meaning is checked.
struct Document {
  std::string file;      ///< as given, for messages
  nlohmann::json value;  ///< one object, without "extends" and "$schema"

  /// Makes the path at `pointer` absolute against the folder of the file that wrote it (the working
  /// directory for --set). Absolute and empty paths stay.
  std::string resolve_path(const std::string& pointer, const std::string& path) const;

  /// Folder by JSON pointer of the value it holds for; the longest matching prefix decides.
  std::map<std::string, std::string> folders;
};

/// Reads `path`, merges what it extends (objects key by key; an object whose "type" differs, an array or a
/// plain value replaces; null removes), applies `overrides` ("train.loss.margin=0.3"; the value is JSON, or
/// else a string) and expands ${NAME} and ${NAME:-default} inside strings. Throws PipelineError.
Document load_document(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace kindred::host
