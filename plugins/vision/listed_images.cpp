#include "listed_images.hpp"

#include <ATen/ATen.h>

#include <filesystem>
#include <utility>

#include "files/file_stamp.hpp"
#include "files/image_file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
namespace fs = std::filesystem;

void ListedImages::add(const ListedImage& image) {
  if (image.box_line > 0) check_box(image.box, place_of_box(image.box_line));
  files_.push_back(image.file);
  labels_.push_back(image.label);
  boxes_.push_back(image.box);
  box_lines_.push_back(image.box_line);
}

void ListedImages::set_labels(NumberedLabels labels) {
  labels_ = std::move(labels.labels);
  names_ = std::move(labels.names);
  for (auto& note : labels.notes) add_note(std::move(note));
}

std::string ListedImages::path_of(size_t index) const {
  return path_of_shown((fs::path(options_.root) / files_.at(index)).string());
}

std::string ListedImages::place_of_box(int64_t line) const {
  return options_.boxes + ":" + std::to_string(line);
}

at::Tensor ListedImages::read(int64_t index) const {
  const auto at = static_cast<size_t>(index);
  auto image = read_image(path_of(at));
  if (!options_.crop || boxes_[at].empty()) return image;
  return cuts_.cut(image, boxes_[at], options_.margin, index, place_of_box(box_lines_[at]));
}

std::string ListedImages::sample_name(int64_t index) const { return files_.at(static_cast<size_t>(index)); }

std::vector<Note> ListedImages::notes() const {
  auto all = notes_;
  for (auto& note : cuts_.notes(options_.kind)) all.push_back(std::move(note));
  return all;
}

StoredObject ListedImages::stored(int64_t index, size_t) const {
  const auto at = static_cast<size_t>(index);
  StoredObject object;
  object.file = path_of(at);
  if (!options_.crop) return object;
  object.part = edges_text(boxes_.at(at));
  return object;
}

std::string ListedImages::fingerprint() const {
  std::string text = options_.kind;
  if (options_.crop) text += " " + std::to_string(options_.margin);
  for (size_t i = 0; i < files_.size(); ++i) {
    text += "\n" + file_stamp(path_of(i));
    if (options_.crop) text += edges_text(boxes_[i]);
  }
  return text;
}

}  // namespace kindred
