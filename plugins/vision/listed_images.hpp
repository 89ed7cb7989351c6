#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "files/image_box.hpp"
#include "files/numbered_labels.hpp"
#include "kindred/dataset.hpp"
#include "kindred/params.hpp"

namespace kindred {

struct ListedImage {
  std::string file;  ///< absolute, or relative to the root
  int64_t label = -1;
  ImageBox box;          ///< empty: the whole picture
  int64_t box_line = 0;  ///< where the box stands in the list of boxes; 0: there is none
};

/// Pictures that a list names, with labels and boxes. Constructing it opens no picture.
class ListedImages : public Dataset {
 public:
  struct Options {
    std::string kind;  ///< of the dataset, for messages and the fingerprint
    std::string root;
    bool crop = false;
    double margin = 0;
    std::string boxes = {};  ///< the file that they stand in, for messages
  };
  explicit ListedImages(Options options) : options_(std::move(options)) {}

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return names_; }
  at::Tensor read(int64_t index) const override;
  std::string sample_name(int64_t index) const override;
  std::string fingerprint() const override;
  std::vector<Note> notes() const override;
  StoredObject stored(int64_t index, size_t field) const override;

 protected:
  /// Throws Error where the picture has a box without area.
  void add(const ListedImage& image);
  void set_class_names(std::vector<std::string> names) { names_ = std::move(names); }
  void add_note(Note note) { notes_.push_back(std::move(note)); }
  /// Call once, with a label for every picture that was added. Their notes are added.
  void set_labels(NumberedLabels labels);
  const Options& options() const { return options_; }
  /// Returns "list.csv:12".
  std::string place_of_box(int64_t line) const;

 private:
  std::string path_of(size_t index) const;

  Options options_;
  std::vector<std::string> files_;
  std::vector<int64_t> labels_;
  std::vector<ImageBox> boxes_;
  std::vector<int64_t> box_lines_;
  BoxCuts cuts_;
  std::vector<std::string> names_;
  std::vector<Note> notes_;
};

/// Declares "crop" and "margin" of a dataset with boxes.
template <class Params>
void describe_crop(Schema<Params>& schema) {
  schema.field("crop", &Params::crop).doc("Cut pictures to the annotated box.");
  schema.field("margin", &Params::margin)
      .doc("With crop: how much is kept around the box, as a share of its size.")
      .range(0, 10);
}

}  // namespace kindred
