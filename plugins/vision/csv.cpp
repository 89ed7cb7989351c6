#include <algorithm>
#include <filesystem>

#include "files/splits.hpp"
#include "files/text_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/text.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Fields of a line (RFC 4180): quotes around a field may hold the delimiter, and "" for a quote. Fields have
/// no line ends.
std::vector<std::string> fields_of(const std::string& line, char delimiter) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == delimiter && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// Pictures that a table names: a column with paths, one with labels, and, where there are, columns with a
/// split and with a box in pixels (x_1 left, x_2 right, y_1 top, y_2 bottom).
class CsvDataset final : public ListedImages {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"DataFrame", "ImageLabelDataset", "Table"};
  struct Params {
    std::string file;
    std::string root;
    std::string path_column = "path";
    std::string label_column = "label";
    std::string split_column = "split";
    std::vector<std::string> splits;
    std::vector<std::string> text_columns;
    std::string delimiter = ",";
    bool crop = false;
    double margin = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("file", &Params::file)
          .doc("The table; its first line names the columns.")
          .path()
          .example("\"pictures.csv\"")
          .required();
      schema.field("root", &Params::root)
          .doc("Where relative paths start; left out: at the folder of the table.")
          .path();
      schema.field("path_column", &Params::path_column).doc("Column with the pictures' paths.");
      schema.field("label_column", &Params::label_column)
          .doc(
              "Column with labels: integers stay what they are, words are numbered by name; left empty: "
              "none.");
      schema.field("split_column", &Params::split_column).doc("Column that `splits` chooses by.");
      schema.field("splits", &Params::splits).doc("Rows of these splits only; left out: all.");
      schema.field("text_columns", &Params::text_columns)
          .doc(
              "Columns that become fields of the samples, as text, beside the picture, whose field is "
              "`path_column`.");
      schema.field("delimiter", &Params::delimiter).doc("One character between fields; a tab is \"\\t\".");
      describe_crop(schema);
    }
  };

  explicit CsvDataset(const Params& params)
      : ListedImages({"csv", params.root.empty() ? fs::path(params.file).parent_path().string() : params.root,
                      params.crop, params.margin}),
        params_(params) {
    if (params.delimiter.size() != 1)
      throw Error("csv: delimiter is \"" + params.delimiter + "\"; it is one character");
    const auto lines = text_lines(params.file);
    if (lines.size() < 2) throw Error("csv: " + params.file + " has no row below its header");
    header_ = fields_of(lines[0].text, params.delimiter[0]);
    const auto path = column(params.path_column, true),
               label = column(params.label_column, !params.label_column.empty());
    const auto split = column(params.split_column, !params.splits.empty());
    const size_t box[] = {column("x_1", params.crop), column("y_1", params.crop), column("x_2", params.crop),
                          column("y_2", params.crop)};
    std::vector<size_t> text_places;
    for (const auto& name : params.text_columns) text_places.push_back(column(name, true));
    texts_.resize(text_places.size());
    refuse_missing();
    std::vector<std::string> labels;
    for (size_t i = 1; i < lines.size(); ++i) {
      const auto fields = fields_of(lines[i].text, params.delimiter[0]);
      if (fields.size() != header_.size()) {
        throw Error(params.file + ":" + std::to_string(lines[i].number) + ": has " +
                    std::to_string(fields.size()) + " fields, the header " + std::to_string(header_.size()));
      }
      if (!params.splits.empty() && !wants_split(params.splits, fields[split])) continue;
      ListedImage listed;
      listed.file = fields[path];
      if (params.crop) {
        const auto edge = [&](size_t k) { return number_of(fields[box[k]], params.file, lines[i].number); };
        listed.box = {edge(0), edge(1), edge(2), edge(3)};
      }
      add(listed);
      for (size_t k = 0; k < text_places.size(); ++k) texts_[k].push_back(fields[text_places[k]]);
      if (label != kNone) labels.push_back(fields[label]);
    }
    if (size() == 0) throw Error("csv: " + params.file + " has no row of the splits that are asked for");
    if (label != kNone) set_labels(numbered_labels(labels));
  }

  std::vector<Field> fields() const override {
    if (texts_.empty()) return ListedImages::fields();
    std::vector<Field> all = {{params_.path_column, ObjectKind::image}};
    for (const auto& name : params_.text_columns) all.push_back({name, ObjectKind::text});
    return all;
  }
  at::Tensor read_field(int64_t index, size_t field) const override {
    if (field == 0) return read(index);
    return text_tensor(texts_.at(field - 1).at(static_cast<size_t>(index)));
  }
  at::Tensor field_matrix(size_t) const override { return {}; }
  std::string fingerprint() const override {
    auto text = ListedImages::fingerprint();
    for (size_t k = 0; k < texts_.size(); ++k) {
      text += "\ncolumn " + params_.text_columns[k];
      for (const auto& one : texts_[k]) text += "\n" + one;
    }
    return text;
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  size_t column(const std::string& name, bool needed) {
    const auto it = std::find(header_.begin(), header_.end(), name);
    if (it != header_.end()) return static_cast<size_t>(it - header_.begin());
    if (needed) missing_.push_back(name);
    return kNone;
  }

  /// All that are missing are told at once.
  void refuse_missing() const {
    if (missing_.empty()) return;
    std::string names, list;
    for (const auto& one : missing_) names += (names.empty() ? "\"" : ", \"") + one + "\"";
    for (const auto& one : header_) list += (list.empty() ? "" : ", ") + one;
    throw Error("csv: " + params_.file + " has no column " + names + "; its columns are: " + list);
  }

  Params params_;
  std::vector<std::string> header_, missing_;
  std::vector<std::vector<std::string>> texts_;  // by text column, then sample
};

}  // namespace
KINDRED_COMPONENT(Dataset, CsvDataset, "kindred.csv", "1.0.0", "Pictures that a table names");
}  // namespace kindred
