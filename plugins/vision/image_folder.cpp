#include <ATen/core/Tensor.h>

#include <algorithm>
#include <filesystem>

#include "file_stamp.hpp"
#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "picture_file.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Pictures below a folder. With classes, each folder directly in `root` is one, numbered by name; without,
/// or for a list of files, labels are -1.
class ImageFolderDataset final : public Dataset {
 public:
  struct Params {
    std::string root;
    bool classes = true;
    std::vector<std::string> files;
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with a folder per class, and pictures in or below those.")
          .path();
      schema.field("classes", &Params::classes)
          .doc(
              "false: pictures anywhere in or below root, without labels; good for embedding, not for "
              "training.");
      schema.field("files", &Params::files).doc("In place of root: these pictures, without labels.").files();
    }
  };

  explicit ImageFolderDataset(const Params& params) : root_(params.root) {
    if (params.root.empty() == params.files.empty()) throw Error("image_folder needs either root or files");
    if (!params.files.empty()) {
      files_ = params.files;
      labels_.assign(files_.size(), -1);
      return;
    }
    if (!fs::is_directory(root_)) throw Error("image_folder: root " + root_ + " is no folder");
    if (params.classes)
      add_classes();
    else
      add_pictures(root_, -1);
    if (files_.empty()) {
      throw Error("image_folder: " + root_ + " holds no pictures" +
                  (params.classes ? " in folders of their class (root/class/picture.jpg)" : ""));
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return names_; }
  at::Tensor read(int64_t index) const override {
    return read_picture(files_.at(static_cast<size_t>(index)));
  }

  std::string sample_name(int64_t index) const override {
    const auto& file = files_[static_cast<size_t>(index)];
    return root_.empty() ? file : fs::path(file).lexically_relative(root_).string();
  }

  std::string fingerprint() const override {
    std::string text = "image_folder";
    for (size_t i = 0; i < files_.size(); ++i) text += "\n" + file_stamp(files_[i]);
    return text;
  }

 private:
  void add_classes() {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(root_)) {
      if (entry.is_directory()) folders.push_back(entry.path());
    }
    std::sort(folders.begin(), folders.end());
    for (const auto& folder : folders) {
      const auto before = files_.size();
      add_pictures(folder, static_cast<int64_t>(names_.size()));
      if (files_.size() > before) names_.push_back(folder.filename().string());
    }
  }

  void add_pictures(const fs::path& folder, int64_t label) {
    std::vector<std::string> found;
    for (const auto& entry :
         fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
      if (entry.is_regular_file() && is_picture_name(entry.path().string()))
        found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    files_.insert(files_.end(), found.begin(), found.end());
    labels_.resize(files_.size(), label);
  }

  std::string root_;
  std::vector<std::string> files_;
  std::vector<int64_t> labels_;
  std::vector<std::string> names_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, ImageFolderDataset, "kindred.image_folder", "1.0.0",
                  "Pictures in a folder per class");
}  // namespace kindred
