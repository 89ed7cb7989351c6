#include <ATen/ATen.h>

#include <filesystem>
#include <set>

#include "annotations.hpp"
#include "files/file_stamp.hpp"
#include "files/image_box.hpp"
#include "files/image_file.hpp"
#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// The dataset as its authors and its copies lay it out:
///   official   cars_train/ cars_test/ devkit/cars_train_annos.mat cars_test_annos_withlabels.mat
///   nested     the same with cars_train/cars_train/ and cars_test/cars_test/, as unpacked from Kaggle
///   flattened  cars_annos.mat over both splits, with pictures in car_ims/ or wherever it says
class StanfordCarsDataset final : public Dataset {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"Cars196", "CARS"};
  struct Params {
    std::string root;
    std::vector<std::string> splits = {"train", "test"};
    bool crop = false;
    double margin = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with cars_train, cars_test and devkit, or with cars_annos.mat.")
          .path()
          .example("\"stanford_cars\"")
          .required();
      schema.field("splits", &Params::splits)
          .doc("Which halves, in this order; merged is both.")
          .one_of({"train", "test", "merged"});
      schema.field("crop", &Params::crop).doc("Cut pictures to the annotated box.");
      schema.field("margin", &Params::margin)
          .doc("With crop: how much is kept around the box, as a share of its size.")
          .range(0, 10);
    }
  };

  explicit StanfordCarsDataset(const Params& params) : params_(params), root_(params.root) {
    if (!fs::is_directory(root_)) {
      throw Error("stanford_cars: root " + params.root +
                  " is no folder; it must hold cars_train, cars_test and devkit");
    }
    if (params.splits.empty()) throw Error("stanford_cars: splits is empty; name train, test or both");
    std::set<std::string> added;
    for (const auto& split : params.splits) {
      for (const std::string half : {"train", "test"}) {
        if (split != half && split != "merged") continue;
        if (!added.insert(half).second) {
          throw Error("stanford_cars: splits names the " + half +
                      " pictures twice; merged is train and test");
        }
        add_split(half);
      }
    }
    const auto meta =
        first_existing({"devkit/cars_meta.mat", "car_devkit/devkit/cars_meta.mat", "cars_meta.mat"});
    if (!meta.empty()) names_ = read_class_names(meta.string());
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return names_; }

  at::Tensor read(int64_t index) const override {
    auto image = read_image(files_.at(static_cast<size_t>(index)));
    if (!params_.crop) return image;
    const auto at = static_cast<size_t>(index);
    return cuts_.cut(image, pixels_of(boxes_[at]), params_.margin, index, places_[at]);
  }

  std::string sample_name(int64_t index) const override {
    return fs::path(files_[static_cast<size_t>(index)]).lexically_relative(root_).string();
  }

  std::vector<Note> notes() const override { return cuts_.notes("stanford_cars"); }
  StoredObject stored(int64_t index, size_t) const override {
    StoredObject object;
    object.file = files_.at(static_cast<size_t>(index));
    if (!params_.crop) return object;
    const auto& box = boxes_[static_cast<size_t>(index)];
    object.part = edges_text({box.x1, box.y1, box.x2, box.y2});
    return object;
  }

  std::string fingerprint() const override {
    std::string text = "stanford_cars " + std::to_string(params_.crop) + " " + std::to_string(params_.margin);
    for (size_t i = 0; i < files_.size(); ++i) {
      const auto& box = boxes_[i];
      text += "\n" + file_stamp(files_[i]);
      if (params_.crop) text += edges_text({box.x1, box.y1, box.x2, box.y2});
    }
    return text;
  }

 private:
  /// Annotations count pixels from 1 and include the last.
  static ImageBox pixels_of(const CarAnnotation& one) { return {one.x1 - 1, one.y1 - 1, one.x2, one.y2}; }

  fs::path first_existing(const std::vector<std::string>& candidates) const {
    for (const auto& one : candidates) {
      if (fs::exists(root_ / one)) return root_ / one;
    }
    return {};
  }

  void add_split(const std::string& split) {
    const bool test = split == "test";
    const std::string name = test ? "cars_test_annos_withlabels.mat" : "cars_train_annos.mat";
    auto file = first_existing({name, "devkit/" + name, "car_devkit/devkit/" + name});
    const bool merged = file.empty();
    if (merged) file = first_existing({"cars_annos.mat", "devkit/cars_annos.mat"});
    if (file.empty() && test &&
        !first_existing(
             {"devkit/cars_test_annos.mat", "car_devkit/devkit/cars_test_annos.mat", "cars_test_annos.mat"})
             .empty()) {
      throw Error("stanford_cars: the annotations of the test split in " + root_.string() +
                  " have no labels (cars_test_annos.mat); put the file cars_test_annos_withlabels.mat beside "
                  "cars_test, or use "
                  "\"splits\": [\"train\"]");
    }
    if (file.empty()) {
      throw Error("stanford_cars: " + root_.string() + " has no annotations of the " + split +
                  " split: looked for " + name + " there and in devkit, and for cars_annos.mat");
    }
    const auto annotations = read_annotations(file.string());
    const auto folder = merged ? root_ : image_folder("cars_" + split);
    for (size_t i = 0; i < annotations.size(); ++i) {
      const auto& one = annotations[i];
      if (merged && one.test != test) continue;
      if (one.label < 0) {
        throw Error("stanford_cars: " + file.string() + " has no labels; the file with labels is " + name);
      }
      files_.push_back(merged ? merged_image(one, split) : (folder / one.file).string());
      labels_.push_back(one.label);
      boxes_.push_back(one);
      places_.push_back(file.string() + ": annotation " + std::to_string(i + 1));
      if (params_.crop) check_box(pixels_of(one), places_.back());
    }
  }

  fs::path image_folder(const std::string& name) const {
    const auto nested = root_ / name / name;
    return fs::is_directory(nested) ? nested : root_ / name;
  }

  /// The merged file says "car_ims/000001.jpg"; copies keep that folder, or its files without it.
  std::string merged_image(const CarAnnotation& one, const std::string& split) const {
    const auto name = fs::path(one.file).filename();
    for (const auto& path : {root_ / one.file, root_ / name, image_folder("cars_" + split) / name}) {
      if (fs::exists(path)) return path.string();
    }
    return (root_ / one.file).string();
  }

  Params params_;
  fs::path root_;
  std::vector<std::string> files_;
  std::vector<int64_t> labels_;
  std::vector<CarAnnotation> boxes_;
  std::vector<std::string> places_;  ///< of the annotations
  BoxCuts cuts_;
  std::vector<std::string> names_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, StanfordCarsDataset, "kindred.stanford_cars", "1.1.0",
                  "Stanford Cars: 16,185 pictures of 196 models");
}  // namespace kindred
