#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/index/live_index.hpp"

namespace kindred::host {

/// An index that is searched for as long as a server runs, while this and other processes change it.
/// [thread-safe]
class ServedIndex {
 public:
  /// Throws Error where there is no such index.
  ServedIndex(const std::string& folder, MakeIndex make);

  /// The index as its last commit left it. Throws Error where it cannot be opened any more.
  std::shared_ptr<const LiveIndex> current();

  /// Adds items with what the model gives for them, float32 (n, D). They are there for good, and found, when
  /// it returns. Throws Error, WriterBusy where another process writes.
  void add(const std::vector<Item>& items, const at::Tensor& embeddings, Existing existing);
  /// Likewise; throws Error that names an id which is not there.
  void remove(const std::vector<std::string>& ids);

  const std::string& folder() const { return folder_; }
  /// The side of the thumbnails that its pictures get, in pixels; 0: they get none.
  int64_t thumbnail_side();
  /// Rows and queries are means of pictures and of their mirror images.
  bool mirror() const { return mirror_; }

 private:
  const std::string folder_;
  const MakeIndex make_;
  std::mutex opening_, writing_;
  std::shared_ptr<const LiveIndex> index_;
  const bool mirror_;
};

}  // namespace kindred::host
