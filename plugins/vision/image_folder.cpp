#include <algorithm>
#include <filesystem>
#include <map>

#include "files/image_file.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/image_names.hpp"
#include "kindred/plugin.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Pictures below a folder. With classes, each folder directly in `root` is one, numbered by name; without,
/// labels are -1.
class ImageFolderDataset final : public ListedImages {
 public:
  struct Params {
    std::string root;
    bool classes = true;
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with a folder per class, and pictures in or below those.")
          .example("\"photos\"")
          .path()
          .required();
      schema.field("classes", &Params::classes)
          .doc(
              "false: pictures anywhere in or below root, without labels; good for embedding, not for "
              "training.");
    }
  };

  explicit ImageFolderDataset(const Params& params) : ListedImages({"image_folder", params.root, false, 0}) {
    const auto& root = params.root;
    if (!fs::is_directory(root)) throw Error("image_folder: root " + root + " is no folder");
    auto found = files_below(root);
    if (!found.nowhere.empty()) add_note({"image_folder: " + found.nowhere, true});
    if (!found.circles.empty()) add_note({"image_folder: " + found.circles, false});
    const auto undecoded = undecoded_images(root, found.files, image_endings());
    if (!undecoded.empty()) add_note({"image_folder: " + undecoded, true});
    found.files.erase(std::remove_if(found.files.begin(), found.files.end(),
                                     [](const auto& file) { return !is_image_name(file); }),
                      found.files.end());
    if (params.classes)
      add_classes(root, found.files);
    else
      add_images(root, found.files, -1);
    if (size() == 0) {
      throw Error("image_folder: " + root + " holds no pictures" +
                  (params.classes ? " in folders of their class (root/class/picture.jpg)" : "") +
                  (undecoded.empty() ? "" : "; " + undecoded));
    }
  }

 private:
  void add_classes(const fs::path& root, const std::vector<std::string>& files) {
    std::map<std::string, std::vector<std::string>> classes;  // in the order of their names
    int64_t beside = 0;
    for (const auto& file : files) {
      const auto inside = fs::path(file).lexically_relative(root);
      if (inside.has_parent_path())
        classes[inside.begin()->string()].push_back(file);
      else
        ++beside;
    }
    if (beside > 0) {
      const bool one = beside == 1;
      add_note({"image_folder: " + root.string() + ": " + std::to_string(beside) +
                    (one ? " picture lies" : " pictures lie") +
                    " beside the folders of the classes, not in one, and " + (one ? "is" : "are") +
                    " left out; move " +
                    (one ? "it into the folder of its" : "them into the folder of their") + " class",
                true});
    }
    std::vector<std::string> names;
    for (const auto& [name, own] : classes) {
      add_images(root, own, static_cast<int64_t>(names.size()));
      names.push_back(name);
    }
    set_class_names(std::move(names));
  }

  void add_images(const fs::path& root, const std::vector<std::string>& files, int64_t label) {
    for (const auto& file : files) add({fs::path(file).lexically_relative(root).string(), label, {}, 0});
  }
};

}  // namespace
KINDRED_COMPONENT(Dataset, ImageFolderDataset, "kindred.image_folder", "1.1.0",
                  "Pictures in a folder per class");
}  // namespace kindred
