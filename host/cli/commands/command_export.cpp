#include <ATen/ATen.h>
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <iostream>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/base/text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/export_samples.hpp"
#include "host/export/export_model.hpp"
#include "host/export/run_file.hpp"
#include "host/pipeline/validator.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

std::string text_option(const CommandLine& command, const char* option) {
  return command.has(option) ? command.get<std::string>(option) : "";
}

struct Size {
  int64_t width = 0, height = 0;
};

/// "224x160"; nothing is 0 x 0.
Size asked_size(const std::string& text) {
  constexpr int64_t kMost = 16384;
  if (text.empty()) return {};
  Size size;
  const auto* const end = text.data() + text.size();
  const auto [middle, no_width] = std::from_chars(text.data(), end, size.width);
  bool read = no_width == std::errc() && middle != end && *middle == 'x';
  if (read) {
    const auto [last, no_height] = std::from_chars(middle + 1, end, size.height);
    read = no_height == std::errc() && last == end;
  }
  if (!read || size.width < 1 || size.height < 1 || size.width > kMost || size.height > kMost)
    throw UsageError("--size \"" + text + "\" is no size; expected WIDTHxHEIGHT in pixels, such as 224x224");
  return size;
}

void check_export_usage(const CommandLine& command) {
  if (!command.has("model")) throw UsageError("--model DIR is missing");
  if (!command.has("to")) throw UsageError("--to FORMAT is missing: " + joined(export_format_names()));
  if (!command.has("output")) throw UsageError("--output DIR is missing");
}

/// The pipeline whose samples check the export: the one that was named, or that of the model's run.
std::optional<Document> sample_pipeline(const CommandLine& command, const std::string& model) {
  if (command.has("data")) return read_document(command.get<std::string>("data"), {});
  const auto path = file_of_run(model, "pipeline.json");
  if (path.empty()) return std::nullopt;
  try {
    return read_document(path, {});
  } catch (const std::exception&) {
    return std::nullopt;  // what is not whole is not needed either
  }
}

/// Folders of plugins that the pipeline names. Of a run that was moved they may be gone, and --plugins names
/// others.
std::vector<std::string> folders_of(const CommandLine& command, const std::optional<Document>& pipeline) {
  if (!pipeline) return {};
  if (command.has("data")) return plugin_folders(*pipeline);
  std::vector<std::string> there;
  try {
    for (auto& folder : plugin_folders(*pipeline)) {
      std::error_code absent;
      if (fs::is_directory(folder, absent))
        there.push_back(std::move(folder));
      else
        command.context().info(
            fmt::format("the folder of plugins {} of the model's run is not there any more", folder));
    }
  } catch (const std::exception& error) {
    command.context().info(fmt::format("the plugins of the model's run cannot be read: {}", error.what()));
  }
  return there;
}

/// Where the run's own data is not there any more, drawn samples do.
ExportSamples samples_for(const CommandLine& command, const std::optional<Document>& pipeline,
                          const Catalog& catalog, const Servable& servable, const ExportInput& input) {
  try {
    if (pipeline) return samples_of_pipeline(*pipeline, catalog, servable, input);
  } catch (const std::exception& error) {
    if (command.has("data")) throw;
    command.context().info(fmt::format("the samples of the model's run cannot be read: {}", error.what()));
  }
  return {input.drawn(kExportSamples), "drawn"};
}

int export_command(const CommandLine& command) {
  check_export_usage(command);
  ExportRequest request;
  request.format = export_format_from_name(command.get<std::string>("to"));
  const auto size = asked_size(text_option(command, "size"));
  request.model = model_folder(command.get<std::string>("model"));
  request.output = command.get<std::string>("output");
  request.licence = text_option(command, "licence");
  const auto pipeline = sample_pipeline(command, request.model);
  const auto catalog = load_catalog(command, folders_of(command, pipeline));
  auto servable = load_servable(request.model, catalog, at::kCPU);
  request.encoder = text_option(command, "encoder");
  if (!request.encoder.empty()) leave_encoder(servable, request.encoder);
  request.input = export_input(servable, request.format, size.height, size.width);
  if (size.width > 0 && !request.input.is_picture())
    throw UsageError("--size is for models of pictures, and this one takes " + request.input.name() +
                     "; leave it out");
  request.input.with_preprocessing = command.has("with-preprocessing");
  if (request.input.with_preprocessing &&
      !(request.input.is_picture() && request.format != ExportFormat::state_dict))
    throw UsageError("--with-preprocessing is for networks of pictures, in torchscript, onnx and openvino");
  const auto samples = samples_for(command, pipeline, catalog, servable, request.input);
  const auto manifest = export_model(request, servable, catalog, samples, command.context());
  if (manifest["check"].is_null())
    command.context().warning("the file was not checked: " + manifest["not_checked"].get<std::string>());
  if (command.json()) {
    std::cout << json_text(manifest, 2) << "\n";
  } else {
    std::cout << request.output << ": " << joined(manifest["files"].get<std::vector<std::string>>())
              << ", manifest.json, README.md";
    if (!manifest["check"].is_null()) {
      std::cout << fmt::format("; the largest difference of {} samples is {:.2g}",
                               manifest["check"]["samples"].get<int64_t>(),
                               manifest["check"]["largest_difference"].get<double>());
    }
    std::cout << "\n";
  }
  return kExitOk;
}

const CommandBody kExport("export", &export_command);

}  // namespace
}  // namespace kindred::host
