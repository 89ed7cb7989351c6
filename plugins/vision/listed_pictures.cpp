#include "listed_pictures.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "file_stamp.hpp"
#include "kindred/error.hpp"
#include "picture_file.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

bool is_integer(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

bool wants_split(const std::vector<std::string>& splits, const std::string& name) {
  return splits.empty() || std::find(splits.begin(), splits.end(), name) != splits.end();
}

void ListedPictures::add(const ListedPicture& picture) {
  files_.push_back(picture.file);
  labels_.push_back(picture.label);
  boxes_.push_back(picture.box);
}

void ListedPictures::set_labels(const std::vector<std::string>& labels) {
  if (std::all_of(labels.begin(), labels.end(), is_integer)) {
    for (size_t i = 0; i < labels.size(); ++i) labels_[i] = std::stoll(labels[i]);
    return;
  }
  names_ = labels;
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  for (size_t i = 0; i < labels.size(); ++i) {
    labels_[i] = std::lower_bound(names_.begin(), names_.end(), labels[i]) - names_.begin();
  }
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
