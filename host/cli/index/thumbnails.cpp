#include "host/cli/index/thumbnails.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/cli/index/index_items.hpp"
#include "host/index/thumbnail_note.hpp"
#include "host/pictures/jpeg.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

int64_t side_of(const IndexWriter& writer) { return thumbnail_side(writer.note(kThumbnailNote)); }

}  // namespace

void ask_for_thumbnails(IndexWriter& writer) {
  if (side_of(writer) == 0) writer.set_note(kThumbnailNote, {{"side", kThumbnailSide}});
}

ThumbnailMaker::ThumbnailMaker(const IndexWriter& writer) : side_(side_of(writer)) {}

void ThumbnailMaker::see(int64_t input, const at::Tensor& picture) {
  {
    const std::lock_guard<std::mutex> one(access_);
    if (made_.count(input) > 0) return;  // a second encoder or its mirror image
  }
  auto jpeg = jpeg_thumbnail(picture, side_, side_, fmt::format("the thumbnail of input {}", input));
  const std::lock_guard<std::mutex> one(access_);
  made_[input] = std::move(jpeg);
}

std::string ThumbnailMaker::take(int64_t input) {
  const std::lock_guard<std::mutex> one(access_);
  auto node = made_.extract(input);
  return node.empty() ? std::string() : std::move(node.mapped());
}

void ThumbnailMaker::clear() {
  const std::lock_guard<std::mutex> one(access_);
  made_.clear();
}

int64_t make_missing_thumbnails(IndexWriter& writer, const Decoders& decoders, Context& context) {
  constexpr int64_t kAtOnce = 512;
  const auto side = side_of(writer), count = writer.state().rows;
  Progress progress("making thumbnails", "items", count, context);
  int64_t all = 0;
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    if (context.interrupted()) throw Interrupted("while thumbnails were made; those that were stay");
    std::map<int64_t, std::string> made;
    const auto rows = writer.rows_without_thumbnail(begin, begin + kAtOnce);
    auto wanted = rows.begin();
    for (const auto& [row, item] :
         rows.empty() ? std::vector<StoredItem>() : writer.live_items(begin, begin + kAtOnce)) {
      if (wanted == rows.end() || *wanted != row) continue;
      ++wanted;
      if (item.path.empty() || item.file.bytes < 0) continue;
      try {
        const auto now = stamp_of_file(item.path);
        if (!now || now->hash != item.file.hash) continue;  // it would show something else than the row is of
        made[row] = jpeg_thumbnail(decoders.decode(read_file(item.path), item.path), side, side, item.path);
      } catch (const std::exception& error) {
        context.warning(fmt::format("{} gets no thumbnail: {}", shown(item.id), error.what()));
      }
    }
    if (!made.empty()) writer.set_thumbnails(made);
    all += static_cast<int64_t>(made.size());
    progress.update(std::min(begin + kAtOnce, count));
  }
  return all;
}

}  // namespace kindred::host
