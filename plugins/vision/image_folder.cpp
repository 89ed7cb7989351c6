#include <algorithm>
#include <filesystem>

#include "files/image_file.hpp"
#include "kindred/error.hpp"
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
    if (params.classes)
      add_classes(root);
    else
      add_images(root, root, -1);
    if (size() == 0) {
      throw Error("image_folder: " + root + " holds no pictures" +
                  (params.classes ? " in folders of their class (root/class/picture.jpg)" : ""));
    }
  }

 private:
  void add_classes(const fs::path& root) {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(root)) {
      if (entry.is_directory()) folders.push_back(entry.path());
    }
    std::sort(folders.begin(), folders.end());
    std::vector<std::string> names;
    for (const auto& folder : folders) {
      const auto before = size();
      add_images(root, folder, static_cast<int64_t>(names.size()));
      if (size() > before) names.push_back(folder.filename().string());
    }
    set_class_names(std::move(names));
  }

  void add_images(const fs::path& root, const fs::path& folder, int64_t label) {
    std::vector<std::string> found;
    for (const auto& entry :
         fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
      if (entry.is_regular_file() && is_image_name(entry.path().string()))
        found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    for (const auto& file : found) add({fs::path(file).lexically_relative(root).string(), label, {}});
  }
};

}  // namespace
KINDRED_COMPONENT(Dataset, ImageFolderDataset, "kindred.image_folder", "1.0.0",
                  "Pictures in a folder per class");
}  // namespace kindred
