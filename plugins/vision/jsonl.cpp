#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "files/json_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Pictures that lines of JSON name: {"path": "a.jpg", "label": 3, "split": "train", "box": [left, top,
/// right, bottom]}, of which only the path is needed.
class JsonlDataset final : public ListedImages {
 public:
  struct Params {
    std::string file;
    std::string root;
    std::string path_key = "path";
    std::string label_key = "label";
    std::string split_key = "split";
    std::vector<std::string> splits;
    bool crop = false;
    double margin = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("file", &Params::file)
          .doc("A file with an object per line.")
          .path()
          .example("\"pictures.jsonl\"")
          .required();
      schema.field("root", &Params::root)
          .doc("Where relative paths start; left out: at the folder of the file.")
          .path();
      schema.field("path_key", &Params::path_key).doc("Key of a picture's path.");
      schema.field("label_key", &Params::label_key)
          .doc(
              "Key of its label: integers stay what they are, words are numbered by name; -1 where it is "
              "absent, null or blank.");
      schema.field("split_key", &Params::split_key).doc("Key that `splits` chooses by.");
      schema.field("splits", &Params::splits).doc("Lines of these splits only; left out: all.");
      describe_crop(schema);
    }
  };

  explicit JsonlDataset(const Params& params)
      : ListedImages({"jsonl",
                      params.root.empty() ? fs::path(params.file).parent_path().string() : params.root,
                      params.crop, params.margin, params.file}) {
    std::vector<std::optional<std::string>> labels;
    std::vector<int64_t> lines;
    each_json_line(params.file, R"({"path": "a.jpg", "label": 3})", [&](const JsonLine& line) {
      if (!line.is_in(params.splits, params.split_key)) return;
      const auto path = line.value.find(params.path_key);
      if (path == line.value.end() || !path->is_string())
        line.fail("has no text \"" + params.path_key + "\"");
      ListedImage image;
      image.file = path->get<std::string>();
      if (image.file.find('\0') != std::string::npos)
        line.fail("\"" + params.path_key + "\" has a zero byte in it, which no path can have");
      if (params.crop && line.value.contains("box")) {
        image.box_line = line.number;
        image.box = box_of_edges(edges_of(line), place_of_box(line.number));
      }
      add(image);
      labels.push_back(line.word(params.label_key));
      lines.push_back(line.number);
    });
    if (size() == 0) throw Error("jsonl: " + params.file + " has no line of the splits that are asked for");
    set_labels(numbered_if_given(labels, "jsonl: " + params.file, "lines", lines));
  }

 private:
  static std::array<double, 4> edges_of(const JsonLine& line) {
    const auto& box = line.value["box"];
    const bool fits =
        box.is_array() && box.size() == 4 && std::all_of(box.begin(), box.end(), [](const auto& edge) {
          return edge.is_number() && std::abs(edge.template get<double>()) < 9e15;
        });
    if (!fits) line.fail("\"box\" is not [left, top, right, bottom]");
    return {box[0].get<double>(), box[1].get<double>(), box[2].get<double>(), box[3].get<double>()};
  }
};

}  // namespace
KINDRED_COMPONENT(Dataset, JsonlDataset, "kindred.jsonl", "1.1.0", "Pictures that lines of JSON name");
}  // namespace kindred
