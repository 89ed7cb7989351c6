#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "files/numbered_labels.hpp"
#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/io/npy_words.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

bool is_npy(const std::string& path) { return fs::path(path).extension() == ".npy"; }

/// "(4, 1) of int64", as NumPy says it.
std::string shape_text(const at::Tensor& tensor) {
  static const std::pair<at::ScalarType, const char*> kNames[] = {
      {at::kBool, "bool"},    {at::kChar, "int8"},     {at::kByte, "uint8"},
      {at::kShort, "int16"},  {at::kInt, "int32"},     {at::kLong, "int64"},
      {at::kHalf, "float16"}, {at::kFloat, "float32"}, {at::kDouble, "float64"}};
  std::string text;
  for (const auto size : tensor.sizes()) text += (text.empty() ? "(" : ", ") + std::to_string(size);
  text = (text.empty() ? "(" : text) + ")";
  for (const auto& [type, name] : kNames) {
    if (tensor.scalar_type() == type) text += std::string(" of ") + name;
  }
  return text;
}

/// The integers of words, which may be -1 for a label that is unknown; nothing when one is no integer.
std::optional<std::vector<int64_t>> integers_of(const std::vector<std::optional<std::string>>& words) {
  std::vector<int64_t> labels;
  for (const auto& word : words) {
    int64_t value = 0;
    if (word) {
      const auto [rest, status] = std::from_chars(word->data(), word->data() + word->size(), value);
      if (status != std::errc() || rest != word->data() + word->size()) return {};
    }
    labels.push_back(word ? value : -1);
  }
  return labels;
}

/// Integers stay what they are; other words are numbered. `places`: of the words in a file of lines; empty
/// where they are the rows of an array.
NumberedLabels labels_of_words(std::vector<std::optional<std::string>> words, const std::string& path,
                               const std::vector<int64_t>& places) {
  auto integers = integers_of(words);
  for (size_t i = 0; integers && i < words.size(); ++i) {
    if ((*integers)[i] == -1) words[i].reset();  // a label that is unknown
  }
  auto out = numbered_if_given(words, "vectors: " + path, "rows", places);
  if (integers) {
    out.labels = *std::move(integers);
    out.names.clear();
    out.notes.erase(std::remove_if(out.notes.begin(), out.notes.end(),
                                   [](const Note& note) { return !note.loses_samples; }),
                    out.notes.end());
  }
  return out;
}

NumberedLabels labels_of_npy(const std::string& path) {
  if (const auto words = read_npy_words(path)) {
    std::vector<std::optional<std::string>> labels;
    bool is_text = true;
    for (const auto& word : *words) {
      labels.push_back(label_word(word));
      is_text = is_text && encoding_fault(word, path).empty();
    }
    auto out = labels_of_words(labels, path, {});
    if (!is_text) {
      out.notes.push_back({"vectors: " + path +
                           " holds bytes that are no UTF-8; write numpy.char.decode(labels, \"latin-1\"), or "
                           "by the encoding that they have; until then names of classes are shown with "
                           "escapes, such as \\xE9"});
    }
    return out;
  }
  const auto tensor = map_npy(path);
  const bool is_float = at::isFloatingType(tensor.scalar_type());
  if (tensor.dim() != 1 || is_float) {
    throw Error(path + " holds " + shape_text(tensor) +
                ", expected a label for each row: (N) integers or words; write " +
                (is_float ? "labels.astype(int)" : "labels.ravel()"));
  }
  const auto labels = tensor.to(at::kLong).contiguous();
  NumberedLabels out{{labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel()}, {}, {}};
  std::vector<int64_t> unknown;
  for (size_t row = 0; row < out.labels.size(); ++row) {
    if (out.labels[row] == -1) unknown.push_back(static_cast<int64_t>(row));
  }
  if (!unknown.empty() && unknown.size() < out.labels.size()) {
    out.notes.push_back({"vectors: " + path + ": " + std::to_string(unknown.size()) + " of " +
                             std::to_string(out.labels.size()) + " rows have the label -1, which is none (" +
                             places_text("row", unknown) + "); they are neither trained on nor measured",
                         true});
  }
  return out;
}

/// One label per line. Blank lines are left out when the others are as many as the rows; else each is a row
/// without a label.
NumberedLabels labels_of_text(const std::string& path, int64_t rows) {
  const auto text = text_content(read_file(path), path);
  std::vector<std::optional<std::string>> words;
  std::vector<int64_t> places;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); places.push_back(static_cast<int64_t>(words.size())))
    words.push_back(label_word(line));
  const auto given =
      std::count_if(words.begin(), words.end(), [](const auto& word) { return word.has_value(); });
  const auto last =
      std::find_if(words.rbegin(), words.rend(), [](const auto& word) { return word.has_value(); });
  const auto to_last = words.rend() - last;
  if (to_last == rows && given != rows) {
    words.resize(static_cast<size_t>(rows));
    places.resize(static_cast<size_t>(rows));
  } else if (given == rows || static_cast<int64_t>(words.size()) != rows) {
    std::vector<std::optional<std::string>> kept;
    std::vector<int64_t> kept_places;
    for (size_t i = 0; i < words.size(); ++i) {
      if (!words[i]) continue;
      kept.push_back(std::move(words[i]));
      kept_places.push_back(places[i]);
    }
    words = std::move(kept);
    places = std::move(kept_places);
  }
  auto out = labels_of_words(words, path, places);
  if (const auto fault = encoding_fault(text, path); !fault.empty()) {
    out.notes.push_back({"vectors: " + path + ": " + fault +
                         "; until then names of classes are shown with escapes, such as \\xE9"});
  }
  return out;
}

/// Stored embeddings with labels. The matrix is mapped, not read.
class VectorsDataset final : public Dataset {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"Npy", "Numpy", "Embeddings"};
  struct Params {
    std::string embeddings;
    std::string labels;
    std::string names;
    static void describe(Schema<Params>& schema) {
      schema.field("embeddings", &Params::embeddings)
          .doc("A .npy file (N, D) of float16, float32 or float64.")
          .path()
          .example("\"embeddings.npy\"")
          .required();
      schema.field("labels", &Params::labels)
          .doc(
              "A .npy file of N integers or words, or text with a label per line: integers stay what they "
              "are, words are numbered by name.")
          .path()
          .example("\"labels.npy\"")
          .required();
      schema.field("names", &Params::names).doc("Text with a name per row, for messages and lists.").path();
    }
  };

  explicit VectorsDataset(const Params& params) : params_(params), matrix_(map_npy(params.embeddings)) {
    if (matrix_.dim() != 2 || !at::isFloatingType(matrix_.scalar_type())) {
      std::ostringstream shape;
      shape << matrix_.sizes() << " of " << at::toString(matrix_.scalar_type());
      throw Error(params.embeddings + " must hold (N, D) numbers of float16, float32 or float64, it holds " +
                  shape.str());
    }
    labels_ =
        is_npy(params.labels) ? labels_of_npy(params.labels) : labels_of_text(params.labels, matrix_.size(0));
    if (static_cast<int64_t>(labels_.labels.size()) != matrix_.size(0)) {
      throw Error(params.labels + " has " + std::to_string(labels_.labels.size()) + " labels, " +
                  params.embeddings + " has " + std::to_string(matrix_.size(0)) +
                  " rows; they must be as many");
    }
    if (!params.names.empty()) {
      std::istringstream lines(text_content(read_file(params.names), params.names));
      for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        names_.push_back(line);
      }
      if (names_.size() != labels_.labels.size()) {
        throw Error(params.names + " has " + std::to_string(names_.size()) +
                    " lines, expected one per row, " + std::to_string(labels_.labels.size()));
      }
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t size() const override { return matrix_.size(0); }
  const std::vector<int64_t>& labels() const override { return labels_.labels; }
  std::vector<std::string> class_names() const override { return labels_.names; }
  std::vector<Note> notes() const override { return labels_.notes; }
  at::Tensor read(int64_t index) const override {
    if (index < 0 || index >= size())
      throw Error("there is no row " + std::to_string(index));  // LibTorch would take -1
    return matrix_.select(0, index).to(at::kFloat);
  }
  at::Tensor matrix() const override { return matrix_; }
  std::string sample_name(int64_t index) const override {
    return names_.empty() ? "#" + std::to_string(index) : names_[static_cast<size_t>(index)];
  }
  std::string fingerprint() const override {
    std::string text = "vectors";
    for (const auto& path : {params_.embeddings, params_.labels}) {
      text += "\n" + path + " " + std::to_string(fs::file_size(path)) + " " +
              std::to_string(fs::last_write_time(path).time_since_epoch().count());
    }
    return text;
  }

 private:
  Params params_;
  at::Tensor matrix_;
  NumberedLabels labels_;
  std::vector<std::string> names_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, VectorsDataset, "kindred.vectors", "1.0.0",
                  "Stored embeddings (.npy) with labels");
}  // namespace kindred
