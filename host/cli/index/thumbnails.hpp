#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "host/base/context.hpp"
#include "host/data/decoders.hpp"
#include "host/index/index_writer.hpp"

namespace kindred::host {

/// Notes that what is added to the index from now on gets thumbnails.
void ask_for_thumbnails(IndexWriter& writer);

/// Makes small pictures of those that are read for their embeddings, until their items are made.
class ThumbnailMaker {
 public:
  /// Where the index asks for none, it makes none.
  explicit ThumbnailMaker(const IndexWriter& writer);

  bool makes_any() const { return side_ > 0; }
  /// Keeps what is made of the picture uint8 (H, W, 3) of an input. [thread-safe]
  void see(int64_t input, const at::Tensor& picture);
  /// Hands over the thumbnail of an input; "" where there is none. [thread-safe]
  std::string take(int64_t input);
  /// Forgets all that was not taken, since no item was made of its input.
  void clear();

 private:
  int64_t side_ = 0;
  std::mutex access_;
  std::map<int64_t, std::string> made_;  ///< by input
};

/// Makes those that items with a file lack, where the file is what it was. Returns how many it made; warns of
/// files that cannot be read. Throws Interrupted, and what was made until then stays.
int64_t make_missing_thumbnails(IndexWriter& writer, const Decoders& decoders, Context& context);

}  // namespace kindred::host
