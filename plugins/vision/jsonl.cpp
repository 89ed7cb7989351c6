#include <filesystem>
#include <nlohmann/json.hpp>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "listed_pictures.hpp"
#include "text_lines.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

/// Pictures that lines of JSON name: {"path": "a.jpg", "label": 3, "split": "train", "box": [left, top,
/// right, bottom]}, of which only the path is needed.
class JsonlDataset final : public ListedPictures {
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
      schema.field("file", &Params::file).doc("A file with an object per line.").path().required();
      schema.field("root", &Params::root)
          .doc("Where relative paths start; left out: at the folder of the file.")
          .path();
      schema.field("path_key", &Params::path_key).doc("Key of a picture's path.");
      schema.field("label_key", &Params::label_key)
          .doc(
              "Key of its label: integers stay what they are, words are numbered by name; -1 where it is "
              "absent.");
      schema.field("split_key", &Params::split_key).doc("Key that `splits` chooses by.");
      schema.field("splits", &Params::splits).doc("Lines of these splits only; left out: all.");
      describe_crop(schema);
    }
  };

  explicit JsonlDataset(const Params& params)
      : ListedPictures({"jsonl",
                        params.root.empty() ? fs::path(params.file).parent_path().string() : params.root,
                        params.crop, params.margin}) {
    std::vector<std::string> labels;
    for (const auto& line : text_lines(params.file)) {
      const auto fail = [&](const std::string& message) {
        throw Error(params.file + ":" + std::to_string(line.number) + ": " + message);
      };
      const auto value = json::parse(line.text, nullptr, false);
      if (!value.is_object()) fail("expected an object, such as {\"path\": \"a.jpg\", \"label\": 3}");
      const auto split = value.value(params.split_key, json());
      if (!params.splits.empty() &&
          !(split.is_string() && wants_split(params.splits, split.get<std::string>()))) {
        continue;
      }
      const auto path = value.find(params.path_key);
      if (path == value.end() || !path->is_string()) fail("has no text \"" + params.path_key + "\"");
      ListedPicture picture;
      picture.file = path->get<std::string>();
      if (params.crop && value.contains("box")) {
        const auto& box = value["box"];
        if (!box.is_array() || box.size() != 4) fail("\"box\" is not [left, top, right, bottom]");
        for (const auto& edge : box) {
          if (!edge.is_number()) fail("\"box\" is not [left, top, right, bottom]");
        }
        picture.box = {box[0].get<int64_t>(), box[1].get<int64_t>(), box[2].get<int64_t>(),
                       box[3].get<int64_t>()};
      }
      add(picture);
      const auto label = value.value(params.label_key, json());
      if (label.is_null()) continue;
      if (!label.is_string() && !label.is_number_integer())
        fail("\"" + params.label_key + "\" is no text and no integer");
      labels.push_back(label.is_string() ? label.get<std::string>() : label.dump());
    }
    if (size() == 0) throw Error("jsonl: " + params.file + " has no line of the splits that are asked for");
    if (labels.empty()) return;
    if (static_cast<int64_t>(labels.size()) != size()) {
      throw Error("jsonl: " + params.file + " has labels in " + std::to_string(labels.size()) + " of " +
                  std::to_string(size()) + " lines; give all of them one, or none");
    }
    set_labels(labels);
  }
};

}  // namespace
KINDRED_COMPONENT(Dataset, JsonlDataset, "kindred.jsonl", "1.0.0", "Pictures that lines of JSON name");
}  // namespace kindred
