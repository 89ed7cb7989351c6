#include "listed_images.hpp"

#include <ATen/ATen.h>

#include <filesystem>
#include <utility>

#include "files/file_stamp.hpp"
#include "files/image_file.hpp"

namespace kindred {
namespace fs = std::filesystem;

void ListedImages::add(const ListedImage& image) {
  files_.push_back(image.file);
  labels_.push_back(image.label);
  boxes_.push_back(image.box);
}

void ListedImages::set_labels(NumberedLabels labels) {
  labels_ = std::move(labels.labels);
  names_ = std::move(labels.names);
}

std::string ListedImages::path_of(size_t index) const {
  return (fs::path(options_.root) / files_.at(index)).string();
}

at::Tensor ListedImages::read(int64_t index) const {
  const auto at = static_cast<size_t>(index);
  auto image = read_image(path_of(at));
  return options_.crop && !boxes_[at].empty() ? cut_to_box(image, boxes_[at], options_.margin) : image;
}

std::string ListedImages::sample_name(int64_t index) const { return files_.at(static_cast<size_t>(index)); }

StoredObject ListedImages::stored(int64_t index, size_t) const {
  const auto at = static_cast<size_t>(index);
  StoredObject object;
  object.file = path_of(at);
  if (!options_.crop) return object;
  const auto& box = boxes_.at(at);
  for (const auto value : {box.left, box.top, box.right, box.bottom})
    object.part += std::to_string(value) + " ";
  return object;
}

std::string ListedImages::fingerprint() const {
  std::string text = options_.kind;
  if (options_.crop) text += " " + std::to_string(options_.margin);
  for (size_t i = 0; i < files_.size(); ++i) {
    text += "\n" + file_stamp(path_of(i));
    if (!options_.crop) continue;
    for (const auto value : {boxes_[i].left, boxes_[i].top, boxes_[i].right, boxes_[i].bottom}) {
      text += " " + std::to_string(value);
    }
  }
  return text;
}

}  // namespace kindred
