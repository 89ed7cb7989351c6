#include "host/cli/embedding.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "host/base/text.hpp"
#include "host/cli/command_line.hpp"
#include "host/contracts/contracts.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/npy.hpp"
#include "kindred/text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

bool has_extension(const fs::path& path, const std::vector<std::string>& known) {
  auto extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(known.begin(), known.end(), extension) != known.end();
}

/// Extensions of the files that are taken from a folder.
std::vector<std::string> extensions_of(ObjectKind kind) {
  if (kind == ObjectKind::image) return {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm"};
  if (kind == ObjectKind::text) return {".txt"};
  return {".npy"};
}

std::vector<std::string> lines_of(std::istream& content) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(content, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream content(text);
  return lines_of(content);
}

std::vector<std::string> input_lines() { return lines_of(std::cin); }

/// Files in the order given; a folder stands for the files in it and below it, sorted by path; "-" for the
/// lines of the standard input; of texts, which these lines are themselves, it stays.
std::vector<std::string> expand_paths(const std::vector<std::string>& given, ObjectKind kind) {
  std::vector<std::string> files;
  for (const auto& one : given) {
    if (one == "-" && kind != ObjectKind::text) {
      for (const auto& line : input_lines()) {
        if (!line.empty()) files.push_back(line);
      }
    } else if (one != "-" && fs::is_directory(one)) {
      std::vector<std::string> inside;
      for (const auto& entry : fs::recursive_directory_iterator(one)) {
        if (entry.is_regular_file() && has_extension(entry.path(), extensions_of(kind)))
          inside.push_back(entry.path().string());
      }
      if (inside.empty())
        throw Error("the folder " + one + " holds no " + (kind == ObjectKind::image ? "pictures" : "files") +
                    " that end in " + joined(extensions_of(kind)));
      std::sort(inside.begin(), inside.end());
      files.insert(files.end(), inside.begin(), inside.end());
    } else {
      files.push_back(one);
    }
  }
  if (files.empty()) throw Error("there is nothing to embed: no paths were given");
  return files;
}

/// The parameter of a dataset that takes a list of files, or "".
std::string files_parameter(const ComponentInfo& info) {
  for (const auto& [name, field] : info.schema["properties"].items()) {
    if (field.value("x-path", "") == "files") return name;
  }
  return "";
}

std::shared_ptr<Dataset> dataset_of_files(const Catalog& catalog, const std::vector<std::string>& files) {
  for (const auto& info : catalog.components()) {
    const auto name = info.kind == Dataset::kKind ? files_parameter(info) : "";
    if (!name.empty()) return create_under_contract<Dataset>(catalog, info, json{{name, files}});
  }
  throw Error(
      "no dataset was found that reads single picture files; the plugin `vision` has one (it needs OpenCV)");
}

/// All samples of a dataset; `lines`: what is said of each.
Embedded embed_samples(const Dataset& dataset, const Servable& servable, std::vector<json> lines,
                       const EncodeRowsOptions& options, Context& context) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < dataset.size(); ++i) rows.push_back(i);
  std::vector<SkippedSample> skipped;
  Embedded out;
  out.rows = encode_rows(dataset, rows, servable.transforms, servable.model, options, skipped, context);
  out.rows = servable.model.apply_heads(out.rows).cpu();
  out.lines = std::move(lines);
  for (auto& line : out.lines) line["row"] = nullptr;
  for (size_t row = 0; row < rows.size(); ++row) out.lines[static_cast<size_t>(rows[row])]["row"] = row;
  for (const auto& one : skipped) out.lines[static_cast<size_t>(one.index)]["error"] = one.message;
  out.inputs = dataset.size();
  out.failed = out.inputs - out.rows.size(0);
  return out;
}

Embedded embed_pictures(const Catalog& catalog, const Servable& servable,
                        const std::vector<std::string>& files, const EncodeRowsOptions& options,
                        Context& context) {
  std::vector<json> lines;
  for (const auto& file : files) lines.push_back({{"path", file}});
  return embed_samples(*dataset_of_files(catalog, files), servable, std::move(lines), options, context);
}

/// The lines of files and of the standard input.
class TextLines final : public Dataset {
 public:
  explicit TextLines(std::vector<std::string> lines) : lines_(std::move(lines)), labels_(lines_.size(), -1) {}

  ObjectKind object_kind() const override { return ObjectKind::text; }
  int64_t size() const override { return static_cast<int64_t>(lines_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t index) const override { return text_tensor(lines_[static_cast<size_t>(index)]); }
  std::string sample_name(int64_t index) const override { return "line " + std::to_string(index + 1); }
  std::string fingerprint() const override { return ""; }

 private:
  std::vector<std::string> lines_;
  std::vector<int64_t> labels_;
};

Embedded embed_texts(const Servable& servable, const std::vector<std::string>& files,
                     const EncodeRowsOptions& options, Context& context) {
  std::vector<std::string> texts;
  std::vector<json> lines, unreadable;
  for (const auto& file : files) {
    std::vector<std::string> found;
    if (file == "-") {
      found = input_lines();
    } else {
      try {
        found = lines_of(read_file(file));
      } catch (const Error& error) {
        unreadable.push_back({{"path", file}, {"row", nullptr}, {"error", error.what()}});
      }
    }
    for (size_t i = 0; i < found.size(); ++i) lines.push_back({{"path", file}, {"line", i + 1}});
    texts.insert(texts.end(), found.begin(), found.end());
  }
  if (texts.empty() && unreadable.empty()) throw Error("there is nothing to embed: the files hold no line");
  auto out = embed_samples(TextLines(std::move(texts)), servable, std::move(lines), options, context);
  out.lines.insert(out.lines.end(), unreadable.begin(), unreadable.end());
  out.inputs += static_cast<int64_t>(unreadable.size());
  out.failed += static_cast<int64_t>(unreadable.size());
  return out;
}

Embedded embed_vectors(const Servable& servable, const std::vector<std::string>& files,
                       const EncodeRowsOptions& options) {
  Embedded out;
  std::vector<at::Tensor> parts;
  int64_t next_row = 0;
  for (const auto& file : files) {
    try {
      const auto matrix = map_npy(file);
      if (matrix.dim() != 2 ||
          (matrix.size(1) != servable.model.embedding_dimension && servable.model.embedding_dimension > 0)) {
        throw Error(fmt::format("{} must hold vectors (N, {})", file, servable.model.embedding_dimension));
      }
      const Batch batch{matrix.to(at::kFloat).to(options.device)};
      parts.push_back(servable.model.apply_heads(servable.model.encoders.front().encode(batch)).cpu());
      for (int64_t i = 0; i < matrix.size(0); ++i)
        out.lines.push_back({{"path", file}, {"index", i}, {"row", next_row++}});
    } catch (const Error& error) {
      out.lines.push_back({{"path", file}, {"row", nullptr}, {"error", error.what()}});
      ++out.failed;
    }
  }
  out.inputs = static_cast<int64_t>(files.size());
  out.rows = parts.empty() ? at::empty({0, servable.model.output_dimension}, at::kFloat) : at::cat(parts);
  return out;
}

/// Of the vectors in the first file that can be read; 0: in none.
int64_t first_length(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    try {
      return map_npy(file).size(-1);
    } catch (const Error&) {
      // It gets its line where it is embedded.
    }
  }
  return 0;
}

}  // namespace

Embedded embed_paths(const Catalog& catalog, Servable& servable, const std::vector<std::string>& paths,
                     const EncodeRowsOptions& options, Context& context) {
  auto& model = servable.model;
  if (model.encoders.size() > 1) {
    throw UsageError(
        "the model has several encoders, so that it embeds records, not files; give --data FILE");
  }
  const auto kind = model.encoders.front().object_kind;
  const auto files = expand_paths(paths, kind);
  if (kind == ObjectKind::image) return embed_pictures(catalog, servable, files, options, context);
  if (kind == ObjectKind::text) return embed_texts(servable, files, options, context);
  if (model.embedding_dimension == 0) {
    // An encoder of vectors takes the length of the first ones it meets.
    model.embedding_dimension = model.output_dimension = first_length(files);
    model.encoders.front().dimension = model.embedding_dimension;
  }
  return embed_vectors(servable, files, options);
}

Embedded embed_dataset(const Catalog& catalog, const Pipeline& pipeline, Servable& servable,
                       const EncodeRowsOptions& options, Context& context) {
  const auto dataset =
      create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params);
  auto& model = servable.model;
  choose_fields(model, *dataset);
  for (auto& part : model.encoders) {
    if (part.dimension > 0) continue;
    part.dimension = dataset->field_matrix(part.field).size(1);
    model.output_dimension = model.embedding_dimension += part.dimension;
  }
  std::vector<json> lines;
  for (int64_t i = 0; i < dataset->size(); ++i) {
    lines.push_back(
        {{"sample", dataset->sample_name(i)}, {"label", dataset->labels()[static_cast<size_t>(i)]}});
  }
  return embed_samples(*dataset, servable, std::move(lines), options, context);
}

}  // namespace kindred::host
