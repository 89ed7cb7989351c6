#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kindred::host {

/// What a file was when its row was made; a file that changed since is another.
struct FileStamp {
  int64_t bytes = -1;  ///< -1: there is no file
  int64_t time = 0;    ///< of its last change, in nanoseconds
  std::string hash;    ///< ContentHash of its bytes
};

/// What is known of one row of an index.
struct Item {
  std::string id;    ///< unique among the items that are not removed; not empty
  std::string path;  ///< of its file; "" where it has none
  int64_t label = -1;
  std::string class_name;
  FileStamp file;
  nlohmann::json columns = nlohmann::json::object();  ///< others by name: texts, numbers, truth values, null
  std::string thumbnail{};  ///< a small picture as the bytes of a JPEG file, where it is added; "": none. Who
                            ///< reads items gets none, but asks for it by row
};

/// What the values of a column are that items have beside their own; null stands in any of them.
enum class ColumnKind { text, integer, real };

struct ItemColumn {
  std::string name;
  ColumnKind kind;
};

/// What shall become of an item whose id is there already.
enum class Existing {
  refuse,   ///< nothing is added
  replace,  ///< the old one is removed
};

}  // namespace kindred::host
