#include <ATen/ATen.h>

#include <charconv>
#include <filesystem>
#include <sstream>

#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

bool is_npy(const std::string& path) { return fs::path(path).extension() == ".npy"; }

std::vector<int64_t> labels_of_npy(const std::string& path) {
  const auto tensor = map_npy(path);
  if (tensor.dim() != 1 || at::isFloatingType(tensor.scalar_type())) {
    throw Error("the labels in " + path + " must be one-dimensional integers");
  }
  const auto labels = tensor.to(at::kLong).contiguous();
  return {labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel()};
}

std::vector<int64_t> labels_of_text(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::vector<int64_t> labels;
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    const auto end = line.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    int64_t value = 0;
    const auto [rest, status] = std::from_chars(line.data(), line.data() + end + 1, value);
    if (status != std::errc() || rest != line.data() + end + 1) {
      throw Error(path + ", line " + std::to_string(number) + ": expected one integer label, got \"" +
                  line.substr(0, 40) + "\"");
    }
    labels.push_back(value);
  }
  return labels;
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
          .doc("A .npy file of N integers, or text with one per line.")
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
    labels_ = is_npy(params.labels) ? labels_of_npy(params.labels) : labels_of_text(params.labels);
    if (static_cast<int64_t>(labels_.size()) != matrix_.size(0)) {
      throw Error(params.labels + " has " + std::to_string(labels_.size()) + " labels, " + params.embeddings +
                  " has " + std::to_string(matrix_.size(0)) + " rows; they must be as many");
    }
    if (!params.names.empty()) {
      std::istringstream lines(read_file(params.names));
      for (std::string line; std::getline(lines, line);) names_.push_back(line);
      if (names_.size() != labels_.size()) {
        throw Error(params.names + " has " + std::to_string(names_.size()) +
                    " lines, expected one per row, " + std::to_string(labels_.size()));
      }
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t size() const override { return matrix_.size(0); }
  const std::vector<int64_t>& labels() const override { return labels_; }
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
  std::vector<int64_t> labels_;
  std::vector<std::string> names_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, VectorsDataset, "kindred.vectors", "1.0.0",
                  "Stored embeddings (.npy) with labels");
}  // namespace kindred
