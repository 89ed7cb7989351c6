#include "host/cli/embedding.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>


#include "host/cli/input_files.hpp"
#include "host/inference/input_samples.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// All samples of a dataset; `lines`: what is said of each.
Embedded embed_samples(const InferenceModel& model, const Dataset& dataset, std::vector<json> lines,
                       Context& context) {
  auto rows = all_samples(dataset.size());
  std::vector<SkippedSample> skipped;
  Embedded out;
  out.rows = model.encode(dataset, rows, {}, skipped, context).cpu();
  out.lines = std::move(lines);
  for (auto& line : out.lines) line["row"] = nullptr;
  for (size_t row = 0; row < rows.size(); ++row) out.lines[static_cast<size_t>(rows[row])]["row"] = row;
  for (const auto& one : skipped) out.lines[static_cast<size_t>(one.index)]["error"] = one.message;
  out.inputs = dataset.size();
  out.failed = out.inputs - out.rows.size(0);
  return out;
}

Embedded embed_images(const InferenceModel& model, const Decoders& decoders,
                      const std::vector<std::string>& files, Context& context) {
  decoders.require_any();
  std::vector<json> lines;
  std::vector<Input> inputs;
  for (const auto& file : files) {
    lines.push_back({{"path", file}});
    inputs.push_back(Input::file(file));
  }
  return embed_samples(model, InputSamples(inputs, model.fields(), decoders), std::move(lines), context);
}

Embedded embed_texts(const InferenceModel& model, const Decoders& decoders,
                     const std::vector<std::string>& files, Context& context) {
  std::vector<Input> texts;
  std::vector<json> lines, unreadable;
  for (const auto& file : files) {
    std::vector<std::string> found;
    if (file == "-") {
      found = input_lines();
    } else {
      try {
        found = lines_of(read_file(file), file);
      } catch (const Error& error) {
        unreadable.push_back({{"path", file}, {"row", nullptr}, {"error", error.what()}});
      }
    }
    for (size_t i = 0; i < found.size(); ++i) {
      const auto number = static_cast<int64_t>(i + 1);
      if (const auto fault = encoding_fault(found[i], file, number); !fault.empty()) {
        unreadable.push_back({{"path", file}, {"line", number}, {"row", nullptr}, {"error", fault}});
        continue;
      }
      lines.push_back({{"path", file}, {"line", number}});
      texts.push_back(Input::text(std::move(found[i])));
    }
  }
  if (texts.empty() && unreadable.empty()) throw Error("there is nothing to embed: the files hold no line");
  auto out = embed_samples(model, InputSamples(texts, model.fields(), decoders), std::move(lines), context);
  out.lines.insert(out.lines.end(), unreadable.begin(), unreadable.end());
  out.inputs += static_cast<int64_t>(unreadable.size());
  out.failed += static_cast<int64_t>(unreadable.size());
  return out;
}

Embedded embed_vectors(const InferenceModel& model, const std::vector<std::string>& files) {
  Embedded out;
  std::vector<at::Tensor> parts;
  const auto length = model.fields().front().length;
  int64_t next_row = 0;
  for (const auto& file : files) {
    try {
      const auto matrix = map_npy(file);
      if (matrix.dim() != 2 || (matrix.size(1) != length && length > 0))
        throw Error(fmt::format("{} must hold vectors (N, {})", file, length));
      parts.push_back(model.encode_vectors(matrix.to(at::kFloat)).cpu());
      for (int64_t i = 0; i < matrix.size(0); ++i)
        out.lines.push_back({{"path", file}, {"index", i}, {"row", next_row++}});
    } catch (const Error& error) {
      out.lines.push_back({{"path", file}, {"row", nullptr}, {"error", error.what()}});
      ++out.failed;
    }
  }
  out.inputs = static_cast<int64_t>(files.size());
  out.rows = parts.empty() ? at::empty({0, model.dimension()}, at::kFloat) : at::cat(parts);
  return out;
}

}  // namespace

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

Embedded embed_files(const InferenceModel& model, const Decoders& decoders,
                     const std::vector<std::string>& files, Context& context) {
  switch (model.fields().front().kind) {
    case ObjectKind::image:
      return embed_images(model, decoders, files, context);
    case ObjectKind::text:
      return embed_texts(model, decoders, files, context);
    case ObjectKind::vector:
      return embed_vectors(model, files);
  }
  throw Error("the model reads an object of an unknown kind");
}

Embedded embed_dataset(const InferenceModel& model, const Dataset& dataset, Context& context) {
  std::vector<json> lines;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    lines.push_back(
        {{"sample", dataset.sample_name(i)}, {"label", dataset.labels()[static_cast<size_t>(i)]}});
  }
  return embed_samples(model, dataset, std::move(lines), context);
}

}  // namespace kindred::host
