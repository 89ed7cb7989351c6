#include "listed_pictures.hpp"

#include <ATen/ATen.h>

#include <filesystem>
#include <utility>

#include "files/file_stamp.hpp"
#include "files/picture_file.hpp"

namespace kindred {
namespace fs = std::filesystem;

void ListedPictures::add(const ListedPicture& picture) {
  files_.push_back(picture.file);
  labels_.push_back(picture.label);
  boxes_.push_back(picture.box);
}

void ListedPictures::set_labels(NumberedLabels labels) {
  labels_ = std::move(labels.labels);
  names_ = std::move(labels.names);
}

std::string ListedPictures::path_of(size_t index) const {
  return (fs::path(options_.root) / files_.at(index)).string();
}

at::Tensor ListedPictures::read(int64_t index) const {
  const auto at = static_cast<size_t>(index);
  auto picture = read_picture(path_of(at));
  return options_.crop && !boxes_[at].empty() ? cut_to_box(picture, boxes_[at], options_.margin) : picture;
}

std::string ListedPictures::sample_name(int64_t index) const { return files_.at(static_cast<size_t>(index)); }

std::string ListedPictures::fingerprint() const {
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
