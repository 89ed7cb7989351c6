#include "host/serve/served_index.hpp"

#include "host/index/index_writer.hpp"
#include "host/index/thumbnail_note.hpp"

namespace kindred::host {
namespace {

constexpr const char* kPurpose = "host serve";

}  // namespace

ServedIndex::ServedIndex(const std::string& folder, MakeIndex make)
    : folder_(folder),
      make_(std::move(make)),
      index_(std::make_shared<LiveIndex>(IndexFolder::open(folder), make_)),
      mirror_(index_->folder().space().change.mirror) {}

std::shared_ptr<const LiveIndex> ServedIndex::current() {
  const std::lock_guard<std::mutex> one(opening_);
  if (!index_->folder().is_current())
    index_ = std::make_shared<LiveIndex>(IndexFolder::open(folder_), make_, index_.get());
  return index_;
}

int64_t ServedIndex::thumbnail_side() {
  return host::thumbnail_side(current()->folder().note(kThumbnailNote));
}

void ServedIndex::add(const std::vector<Item>& items, const at::Tensor& embeddings, Existing existing) {
  const std::lock_guard<std::mutex> one(writing_);
  IndexWriter writer(folder_, kPurpose);
  writer.add(items, embeddings, existing);
  writer.finish();
}

void ServedIndex::remove(const std::vector<std::string>& ids) {
  const std::lock_guard<std::mutex> one(writing_);
  IndexWriter writer(folder_, kPurpose);
  writer.remove(ids);
  writer.finish();
}

}  // namespace kindred::host
