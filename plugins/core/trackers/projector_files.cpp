#include "projector_files.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "kindred/io/file.hpp"

namespace kindred {
namespace fs = std::filesystem;
namespace {

constexpr int kDigits = 4;  // as many as a drawing needs

/// A table has no way to write these otherwise.
std::string cell(std::string text) {
  for (auto& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

std::string numbers_table(const at::Tensor& rows, const std::vector<int64_t>& chosen) {
  const auto values = rows.contiguous();
  std::string out;
  for (const auto row : chosen) {
    const auto* numbers = values.data_ptr<float>() + row * values.size(1);
    for (int64_t i = 0; i < values.size(1); ++i) {
      char text[32];
      const auto end =
          std::to_chars(text, text + sizeof(text), numbers[i], std::chars_format::general, kDigits).ptr;
      if (i > 0) out += '\t';
      out.append(text, end);
    }
    out += '\n';
  }
  return out;
}

std::string names_table(const TrackedEmbeddings& embeddings, const std::vector<int64_t>& chosen) {
  const bool has_classes = !embeddings.classes.empty();
  std::string out = has_classes ? "class\tsample\n" : "";  // a table of one column has no names of columns
  for (const auto row : chosen) {
    const auto place = static_cast<size_t>(row);
    if (has_classes) out += cell(embeddings.classes[place]) + "\t";
    out += cell(embeddings.samples[place]) + "\n";
  }
  return out;
}

std::string config_of(const char* side) {
  const std::string name = side;
  return "embeddings {\n  tensor_name: \"" + name + "\"\n  tensor_path: \"" + name +
         ".tsv\"\n  metadata_path: \"samples.tsv\"\n}\n";
}

}  // namespace

void write_projector_files(const std::string& folder, const TrackedEmbeddings& embeddings, int64_t most) {
  const auto count = embeddings.tuned.size(0), kept = std::min(count, most);
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < kept; ++i) chosen.push_back(i * count / kept);
  const fs::path place(folder);
  write_file_atomically((place / "base.tsv").string(), numbers_table(embeddings.base, chosen));
  write_file_atomically((place / "tuned.tsv").string(), numbers_table(embeddings.tuned, chosen));
  write_file_atomically((place / "samples.tsv").string(), names_table(embeddings, chosen));
  // The last one, since TensorBoard looks for what it names.
  write_file_atomically((place / "projector_config.pbtxt").string(), config_of("tuned") + config_of("base"));
}

}  // namespace kindred
