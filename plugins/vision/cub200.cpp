#include <filesystem>
#include <map>

#include "files/splits.hpp"
#include "files/text_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Caltech-UCSD Birds 200-2011 (Wah et al. 2011) as it is unpacked: images.txt, image_class_labels.txt,
/// train_test_split.txt, bounding_boxes.txt, classes.txt, images/CLASS/PICTURE. Papers on similarity train on
/// the first 100 classes and test on the others: "split": {"train": {"first": 100}}.
class Cub200Dataset final : public ListedImages {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CUB", "CUB_200_2011"};
  struct Params {
    std::string root;
    std::vector<std::string> splits = {"merged"};
    bool crop = false;
    double margin = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with images.txt and images.")
          .path()
          .example("\"CUB_200_2011\"")
          .required();
      schema.field("splits", &Params::splits)
          .doc("The official halves, which share all classes; merged is both.")
          .one_of({"train", "test", "merged"});
      describe_crop(schema);
    }
  };

  explicit Cub200Dataset(const Params& params)
      : ListedImages({"cub200", (fs::path(params.root) / "images").string(), params.crop, params.margin,
                      (fs::path(params.root) / "bounding_boxes.txt").string()}) {
    const auto labels = table(params.root, "image_class_labels.txt", 2);
    const auto merged = wants_split(params.splits, "merged");
    const auto halves = merged ? Table() : table(params.root, "train_test_split.txt", 2);
    const auto boxes = params.crop ? table(params.root, "bounding_boxes.txt", 5) : Table();
    for (const auto& [id, row] : table(params.root, "images.txt", 2)) {
      if (!merged) {
        const auto& half = entry(halves, id, "train_test_split.txt", params.root);
        if (!wants_split(params.splits, half.words[1] == "1" ? "train" : "test")) continue;
      }
      ListedImage image;
      image.file = row.words[1];
      const auto& label = entry(labels, id, "image_class_labels.txt", params.root);
      image.label =
          number_of(label.words[1], (fs::path(params.root) / "image_class_labels.txt").string(), label.line) -
          1;
      if (params.crop) {
        const auto& box = entry(boxes, id, "bounding_boxes.txt", params.root);
        const auto value = [&](size_t i) {
          return number_of(box.words[i], (fs::path(params.root) / "bounding_boxes.txt").string(), box.line);
        };
        image.box = {value(1), value(2), value(1) + value(3), value(2) + value(4)};
        image.box_line = box.line;
      }
      add(image);
    }
    std::vector<std::string> names;
    for (const auto& [id, row] : table(params.root, "classes.txt", 2)) names.push_back(row.words[1]);
    set_class_names(std::move(names));
  }

 private:
  struct Row {
    int64_t line;
    std::vector<std::string> words;
  };
  using Table = std::map<int64_t, Row>;

  /// Reads a file of lines "ID WORD ...", by ID.
  static Table table(const std::string& root, const std::string& name, size_t words) {
    const auto path = (fs::path(root) / name).string();
    if (!fs::exists(path)) {
      throw Error("cub200: " + path +
                  " is missing; root must be the folder CUB_200_2011 with images.txt, "
                  "image_class_labels.txt, train_test_split.txt, bounding_boxes.txt, classes.txt and images");
    }
    Table out;
    for (const auto& line : text_lines(path)) {
      auto found = words_of(line.text);
      if (found.size() < words) {
        throw Error(path + ":" + std::to_string(line.number) + ": expected " + std::to_string(words) +
                    " words, got \"" + line.text + "\"");
      }
      const auto id = number_of(found[0], path, line.number);
      out[id] = {line.number, std::move(found)};
    }
    return out;
  }

  static const Row& entry(const Table& table, int64_t id, const std::string& name, const std::string& root) {
    const auto it = table.find(id);
    if (it == table.end()) {
      throw Error("cub200: " + (fs::path(root) / name).string() + " says nothing of picture " +
                  std::to_string(id) + " of images.txt");
    }
    return it->second;
  }
};

}  // namespace
KINDRED_COMPONENT(Dataset, Cub200Dataset, "kindred.cub200", "1.1.0",
                  "Caltech-UCSD Birds: 11,788 pictures of 200 species");
}  // namespace kindred
