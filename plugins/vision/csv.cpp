#include <algorithm>
#include <filesystem>
#include <optional>

#include "files/csv_table.hpp"
#include "files/splits.hpp"
#include "files/text_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/plugin.hpp"
#include "kindred/text.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

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
              "Column with labels: integers stay what they are, words are numbered by name, and a row whose "
              "cell is blank has none; left empty: no row has one.");
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
                      params.crop, params.margin, params.file}),
        params_(params) {
    if (params.delimiter.size() != 1)
      throw Error("csv: delimiter is \"" + params.delimiter + "\"; it is one character");
    CsvReader reader(params.file, params.delimiter[0]);
    CsvRow row;
    if (!reader.next(row)) throw Error("csv: " + params.file + " is empty; its first line names the columns");
    for (const auto& cell : row.cells) header_.push_back(label_word(cell.text).value_or(""));
    find_columns();
    bool any = false;
    for (; reader.next(row); any = true) add_row(row);
    if (!any) throw Error("csv: " + params.file + " has no row below its header");
    add_notes(encoding_fault(reader.text(), params.file));
    if (size() == 0) throw Error("csv: " + params.file + " has no row of the splits that are asked for");
    if (columns_.label != kNone)
      set_labels(numbered_if_given(labels_, "csv: " + params.file, "rows", lines_));
    labels_ = {};
    lines_ = {};
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

  struct Columns {
    size_t path, label, split;
    size_t box[4];  ///< left, top, right, bottom
    std::vector<size_t> texts;
  };

  size_t column(const std::string& name, bool needed) {
    const auto it = std::find(header_.begin(), header_.end(), name);
    if (it == header_.end()) {
      if (needed) missing_.push_back(name);
      return kNone;
    }
    if (std::find(it + 1, header_.end(), name) != header_.end())
      throw Error("csv: " + params_.file + " has two columns \"" + name + "\"; rename one of them");
    return static_cast<size_t>(it - header_.begin());
  }

  void find_columns() {
    const auto& p = params_;
    columns_.path = column(p.path_column, true);
    columns_.label = p.label_column.empty() ? kNone : column(p.label_column, true);
    columns_.split = p.splits.empty() ? kNone : column(p.split_column, true);
    const char* const edges[] = {"x_1", "y_1", "x_2", "y_2"};
    for (size_t k = 0; p.crop && k < 4; ++k) columns_.box[k] = column(edges[k], true);
    for (const auto& name : p.text_columns) columns_.texts.push_back(column(name, true));
    texts_.resize(columns_.texts.size());
    refuse_missing();
  }

  /// All that are missing are told at once.
  void refuse_missing() const {
    if (missing_.empty()) return;
    std::string names, list;
    for (const auto& one : missing_) names += (names.empty() ? "\"" : ", \"") + one + "\"";
    for (const auto& one : header_) list += (list.empty() ? "" : ", ") + one;
    throw Error("csv: " + params_.file + " has no column " + names + "; its columns are: " + list +
                (header_.size() == 1 ? "; the delimiter is \"" + params_.delimiter + "\"" : ""));
  }

  void add_row(const CsvRow& row) {
    const auto& cells = row.cells;
    const auto fail = [&](const std::string& message) {
      throw Error(params_.file + ":" + std::to_string(row.line) + ": " + message);
    };
    if (cells.size() != header_.size()) {
      fail("has " + std::to_string(cells.size()) + " fields, the header " + std::to_string(header_.size()));
    }
    if (columns_.split != kNone && !wants_split(params_.splits, cells[columns_.split].word())) return;
    ListedImage listed;
    listed.file = cells[columns_.path].word();
    if (listed.file.empty()) {  // as in the empty rows that spreadsheets leave at the end
      without_path_.push_back(row.line);
      return;
    }
    if (params_.crop) {
      const auto edge = [&](size_t k) {
        return decimal_of(cells[columns_.box[k]].word(), params_.file, row.line);
      };
      listed.box_line = row.line;
      listed.box = box_of_edges({edge(0), edge(1), edge(2), edge(3)}, place_of_box(row.line));
    }
    add(listed);
    for (size_t k = 0; k < texts_.size(); ++k) {
      const auto& text = cells[columns_.texts[k]].text;
      if (const auto fault = encoding_fault(text, params_.file, row.line); !fault.empty())
        fail("the text \"" + params_.text_columns[k] + "\" cannot be read: " + fault);
      texts_[k].push_back(text);
    }
    lines_.push_back(row.line);
    if (columns_.label != kNone) labels_.push_back(label_word(cells[columns_.label].text));
  }

  void add_notes(const std::string& encoding_fault) {
    if (!encoding_fault.empty()) {
      add_note({"csv: " + params_.file + ": " + encoding_fault +
                "; until then paths are opened as the bytes that they are, and they and names of classes are "
                "shown with escapes, such as \\xE9"});
    }
    if (without_path_.empty()) return;
    add_note({"csv: " + params_.file + ": " + std::to_string(without_path_.size()) + " rows have no path (" +
                  places_text("line", without_path_) + ") and are left out",
              true});
  }

  Params params_;
  std::vector<std::string> header_, missing_;
  Columns columns_{kNone, kNone, kNone, {kNone, kNone, kNone, kNone}, {}};
  std::vector<std::vector<std::string>> texts_;  // by text column, then sample
  std::vector<int64_t> without_path_;            // lines of rows
  // These are of the rows that became samples, and only while the table is read.
  std::vector<std::optional<std::string>> labels_;
  std::vector<int64_t> lines_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, CsvDataset, "kindred.csv", "1.1.0", "Pictures that a table names");
}  // namespace kindred
