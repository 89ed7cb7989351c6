#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/cli/command_line.hpp"
#include "host/engine/checked_pipeline.hpp"
#include "host/engine/components.hpp"
#include "host/engine/contracts.hpp"
#include "host/engine/device.hpp"
#include "host/engine/encode.hpp"
#include "host/engine/servable.hpp"
#include "host/pipeline/validator.hpp"
#include "host/support/exit_code.hpp"
#include "host/support/log.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace po = boost::program_options;
using nlohmann::json;
namespace {

bool is_picture_name(const fs::path& path) {
  auto extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto* known : {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm"}) {
    if (extension == known) return true;
  }
  return false;
}

/// Files in the order given; a folder stands for the files in it and below it, sorted by path; "-" for the
/// lines of the standard input.
std::vector<std::string> expand_paths(const std::vector<std::string>& given, bool pictures) {
  std::vector<std::string> files;
  for (const auto& one : given) {
    if (one == "-") {
      for (std::string line; std::getline(std::cin, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (!line.empty()) files.push_back(line);
      }
    } else if (fs::is_directory(one)) {
      std::vector<std::string> inside;
      for (const auto& entry : fs::recursive_directory_iterator(one)) {
        const bool wanted = pictures ? is_picture_name(entry.path()) : entry.path().extension() == ".npy";
        if (entry.is_regular_file() && wanted) inside.push_back(entry.path().string());
      }
      if (inside.empty())
        throw Error("the folder " + one + " holds no " + (pictures ? "pictures" : ".npy files"));
      std::sort(inside.begin(), inside.end());
      files.insert(files.end(), inside.begin(), inside.end());
    } else {
      files.push_back(one);
    }
  }
  if (files.empty()) throw Error("there is nothing to embed: no paths were given");
  return files;
}

struct Embedded {
  at::Tensor rows;          ///< float32 (N, D)
  std::vector<json> lines;  ///< one per input, in input order
  int64_t failed = 0;
};

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

Embedded embed_pictures(const Catalog& catalog, const Servable& servable,
                        const std::vector<std::string>& files, const EncodeRowsOptions& options) {
  const auto dataset = dataset_of_files(catalog, files);
  std::vector<int64_t> rows;
  for (size_t i = 0; i < files.size(); ++i) rows.push_back(static_cast<int64_t>(i));
  std::vector<SkippedSample> skipped;
  Embedded out;
  out.rows = encode_rows(*dataset, rows, servable.transforms, servable.model, options, skipped);
  out.rows = servable.model.apply_heads(out.rows).cpu();
  for (const auto& file : files) out.lines.push_back({{"path", file}, {"row", nullptr}});
  for (size_t row = 0; row < rows.size(); ++row) out.lines[static_cast<size_t>(rows[row])]["row"] = row;
  for (const auto& one : skipped) out.lines[static_cast<size_t>(one.index)]["error"] = one.message;
  out.failed = static_cast<int64_t>(skipped.size());
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
      const Batch batch{matrix.to(at::kFloat).to(options.device), {}};
      parts.push_back(servable.model.apply_heads(servable.model.encode(batch)).cpu());
      for (int64_t i = 0; i < matrix.size(0); ++i)
        out.lines.push_back({{"path", file}, {"index", i}, {"row", next_row++}});
    } catch (const Error& error) {
      out.lines.push_back({{"path", file}, {"row", nullptr}, {"error", error.what()}});
      ++out.failed;
    }
  }
  out.rows = parts.empty() ? at::empty({0, servable.model.output_dimension}, at::kFloat) : at::cat(parts);
  return out;
}

/// The encoder and the transforms of a pipeline as if they had been trained for no epoch.
Servable untrained(const Pipeline& pipeline, const Catalog& catalog, at::Device device) {
  Servable servable;
  servable.transforms = make_components(catalog, pipeline).transforms;
  int64_t input_dimension = 0;
  servable.model = make_model(catalog, pipeline, input_dimension, false);
  move_to(module_tensors(*servable.model.encoder), device);
  return servable;
}

}  // namespace

int command_embed(const std::vector<std::string>& arguments) {
  CommandLine command(
      "embed (--model DIR | --pipeline FILE) --output FILE.npy PATHS...",
      "Writes embeddings as a float32 NumPy array, rows in input order, and beside it a .jsonl file with a "
      "line\n"
      "per input: its path and its row, or the error that kept it out. PATHS are files, folders, or - for a\n"
      "list of paths on the standard input.",
      "host embed --model runs/toy_cars/20261124T100000Z/model --output cars.npy photos/");
  command.positional({"PATHS"}, 1, true);
  command.add()("model", po::value<std::string>()->value_name("DIR"),
                "servable model (the folder model/ of a run)")(
      "pipeline", po::value<std::string>()->value_name("FILE"),
      "the encoder of this pipeline, without any training")(
      "set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
      "with --pipeline: override a value")("output", po::value<std::string>()->value_name("FILE.npy"),
                                           "where the embeddings go")(
      "batch-size", po::value<int64_t>()->value_name("N")->default_value(32), "samples encoded at once")(
      "device", po::value<std::string>()->value_name("NAME")->default_value("auto"),
      "auto, cpu, cuda or cuda:N");
  if (!command.parse(arguments)) return kExitOk;
  if (command.has("model") == command.has("pipeline"))
    throw UsageError("give either --model DIR or --pipeline FILE");
  if (!command.has("output")) throw UsageError("--output FILE.npy is missing");
  const fs::path output = command.get<std::string>("output");
  if (output.extension() != ".npy") throw UsageError("--output " + output.string() + " must end in .npy");
  if (command.get<int64_t>("batch-size") < 1) throw UsageError("--batch-size must be at least 1");

  at::NoGradGuard no_grad;
  const auto device = device_from_name(command.get<std::string>("device"));
  Catalog catalog;
  Servable servable;
  if (command.has("model")) {
    catalog = load_catalog(command);
    servable = load_servable(command.get<std::string>("model"), catalog, device);
  } else {
    const auto document = load_document(command.get<std::string>("pipeline"), command.list("set"));
    catalog = load_catalog(command, plugin_folders(document));
    servable = untrained(checked_pipeline(document, catalog), catalog, device);
  }
  const bool pictures = servable.model.encoder->object_kind() == ObjectKind::image;
  const auto files = expand_paths(command.list("PATHS"), pictures);
  if (!pictures && servable.model.embedding_dimension == 0) {
    // An encoder of vectors takes the length of the first ones it meets.
    servable.model.embedding_dimension = servable.model.output_dimension = map_npy(files.front()).size(-1);
  }
  const EncodeRowsOptions options{device, command.get<int64_t>("batch-size"), 0, command.quiet(), false};
  const auto embedded =
      pictures ? embed_pictures(catalog, servable, files, options) : embed_vectors(servable, files, options);

  write_npy(output.string(), embedded.rows);
  std::string lines;
  for (const auto& line : embedded.lines) lines += line.dump() + "\n";
  const auto list = fs::path(output).replace_extension(".jsonl").string();
  write_file_atomically(list, lines);
  const auto rows = embedded.rows.size(0);
  if (embedded.failed > 0) {
    log_warning(fmt::format("{} of {} inputs could not be embedded; {} says why", embedded.failed,
                            files.size(), list));
  }
  if (command.json()) {
    std::cout << json{{"rows", rows},
                      {"dimension", embedded.rows.size(1)},
                      {"failed", embedded.failed},
                      {"output", output.string()}}
                     .dump()
              << "\n";
  } else {
    std::cout << fmt::format("{}: {} rows of {} numbers\n", output.string(), rows, embedded.rows.size(1));
  }
  return rows == 0 ? kExitRunFailed : kExitOk;
}

}  // namespace kindred::host
