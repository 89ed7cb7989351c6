#include <filesystem>
#include <map>
#include <set>

#include "files/splits.hpp"
#include "files/text_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// DeepFashion In-Shop Clothes Retrieval (Liu et al. 2016): Eval/list_eval_partition.txt,
/// Anno/list_bbox_inshop.txt and Img/img, as they are downloaded. The partitions share no item. Items of the
/// training partition are numbered first, so that "split": {"train": {"first": 3997}} is the published split;
/// roles() then says which of the others are queries.
class InShopDataset final : public ListedImages {
 public:
  struct Params {
    std::string root;
    std::vector<std::string> splits = {"train", "query", "gallery"};
    bool crop = false;
    double margin = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc(
              "Folder with Eval, Img and, for boxes, Anno. The official data has 3,997 items for training, "
              "numbered first: \"split\": {\"train\": {\"first\": 3997}}.")
          .path()
          .example("\"in_shop\"")
          .required();
      schema.field("splits", &Params::splits)
          .doc("Pictures of these partitions only; items keep their numbers.")
          .one_of({"train", "query", "gallery"});
      describe_crop(schema);
    }
  };

  explicit InShopDataset(const Params& params)
      : ListedImages({"in_shop", (fs::path(params.root) / "Img").string(), params.crop, params.margin,
                      (fs::path(params.root) / "Anno/list_bbox_inshop.txt").string()}) {
    const auto partition = file_of(params.root, "Eval/list_eval_partition.txt");
    if (!fs::is_directory(fs::path(params.root) / "Img" / "img")) {
      throw Error("in_shop: the folder " + (fs::path(params.root) / "Img" / "img").string() +
                  " is missing; unpack img.zip of the official download in Img");
    }
    const auto rows = rows_of(partition, "image_name item_id evaluation_status");
    const auto numbers = number_items(rows, partition);
    const auto boxes = params.crop ? boxes_of(file_of(params.root, "Anno/list_bbox_inshop.txt"))
                                   : std::map<std::string, BoxRow>();
    for (const auto& row : rows) {
      if (!wants_split(params.splits, row.words[2])) continue;
      ListedImage image{row.words[0], numbers.at(row.words[1]), {}, 0};
      if (params.crop) {
        const auto box = boxes.find(image.file);
        if (box == boxes.end())
          throw Error("in_shop: Anno/list_bbox_inshop.txt has no box for " + image.file +
                      "; download it again");
        image.box = box->second.box;
        image.box_line = box->second.line;
      }
      add(image);
      roles_.push_back(row.words[2] == "query"     ? Role::query
                       : row.words[2] == "gallery" ? Role::gallery
                                                   : Role::both);
    }
  }

  std::vector<Role> roles() const override { return roles_; }

 private:
  struct Row {
    int64_t line;
    std::vector<std::string> words;
  };

  struct BoxRow {
    int64_t line;
    ImageBox box;
  };

  static std::string file_of(const std::string& root, const std::string& name) {
    auto path = (fs::path(root) / name).string();
    if (fs::exists(path)) return path;
    throw Error("in_shop: " + path +
                " is missing; root must be the folder In-shop Clothes Retrieval Benchmark of " +
                "the official download, with " + name + " in it");
  }

  /// The rows stand below a line with their count and one with the names of the columns.
  static std::vector<Row> rows_of(const std::string& path, const std::string& header) {
    const auto lines = text_lines(path);
    if (lines.size() < 2 || words_of(lines[1].text) != words_of(header))
      throw Error(path + ": expected a count in the first line and \"" + header + "\" in the second");
    const auto columns = words_of(header).size();
    std::vector<Row> rows;
    for (size_t i = 2; i < lines.size(); ++i) {
      rows.push_back({lines[i].number, words_of(lines[i].text)});
      if (rows.back().words.size() != columns) {
        throw Error(path + ":" + std::to_string(lines[i].number) + ": expected \"" + header + "\", got \"" +
                    lines[i].text + "\"");
      }
    }
    const auto count = number_of(lines[0].text, path, lines[0].number);
    if (count != static_cast<int64_t>(rows.size())) {
      throw Error(path + " has " + std::to_string(rows.size()) + " rows, its first line says " +
                  std::to_string(count) + "; it was cut off or changed, so download it again");
    }
    return rows;
  }

  /// The number of every item, those for training first, each part in the order of the names.
  std::map<std::string, int64_t> number_items(const std::vector<Row>& rows, const std::string& path) {
    std::set<std::string> train, others;
    for (const auto& row : rows) {
      const auto& status = row.words[2];
      if (status != "train" && status != "query" && status != "gallery") {
        throw Error(path + ":" + std::to_string(row.line) + ": the evaluation_status is \"" + status +
                    "\", expected train, query or gallery");
      }
      (status == "train" ? train : others).insert(row.words[1]);
    }
    std::map<std::string, int64_t> numbers;
    std::vector<std::string> names;
    for (const auto* part : {&train, &others}) {
      for (const auto& item : *part) {
        if (!numbers.emplace(item, static_cast<int64_t>(names.size())).second)
          throw Error(path + ": the item " + item +
                      " is in the training partition and in another; they share none");
        names.push_back(item);
      }
    }
    set_class_names(std::move(names));
    return numbers;
  }

  static std::map<std::string, BoxRow> boxes_of(const std::string& path) {
    std::map<std::string, BoxRow> boxes;
    for (const auto& row : rows_of(path, "image_name clothes_type pose_type x_1 y_1 x_2 y_2")) {
      const auto edge = [&](size_t i) { return number_of(row.words[i], path, row.line); };
      boxes[row.words[0]] = {row.line, {edge(3), edge(4), edge(5), edge(6)}};
    }
    return boxes;
  }

  std::vector<Role> roles_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, InShopDataset, "kindred.in_shop", "1.1.0",
                  "DeepFashion In-Shop: 52,712 pictures of 7,982 clothes, with queries and a gallery");
}  // namespace kindred
