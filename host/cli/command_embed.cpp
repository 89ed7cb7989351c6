#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/embedding.hpp"
#include "host/cli/engine_command_lines.hpp"
#include "host/model/device.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/components.hpp"
#include "host/run/make_model.hpp"
#include "kindred/error.hpp"
#include "kindred/file.hpp"
#include "kindred/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// The encoders and the transforms of a pipeline as if they had been trained for no epoch.
Servable untrained(const Pipeline& pipeline, const Catalog& catalog, at::Device device) {
  Servable servable;
  servable.transforms = make_components(catalog, pipeline).transforms.plain;
  servable.model = make_model(catalog, pipeline, nullptr, false);
  move_to(encoder_tensors(servable.model), device);
  return servable;
}

}  // namespace

int command_embed(const std::vector<std::string>& arguments) {
  auto command = embed_command_line();
  if (!command.parse(arguments)) return kExitOk;
  if (command.has("model") == command.has("pipeline"))
    throw UsageError("give either --model DIR or --pipeline FILE");
  if (command.has("model") && !command.list("set").empty())
    throw UsageError("--set changes the pipeline of --pipeline; a model is as it is");
  if (command.has("data") == !command.list("PATHS").empty())
    throw UsageError("give either PATHS or --data FILE");
  if (!command.has("output")) throw UsageError("--output FILE.npy is missing");
  const fs::path output = command.get<std::string>("output");
  if (output.extension() != ".npy") throw UsageError("--output " + output.string() + " must end in .npy");
  if (command.get<int64_t>("batch-size") < 1) throw UsageError("--batch-size must be at least 1");

  at::NoGradGuard no_grad;
  const auto device = device_from_name(command.get<std::string>("device"));
  std::optional<Document> data;
  std::vector<std::string> folders;  // with plugins
  if (command.has("data")) {
    data = read_document(command.get<std::string>("data"), {});
    folders = plugin_folders(*data);
  }
  Catalog catalog;
  Servable servable;
  if (command.has("model")) {
    catalog = load_catalog(command, folders);
    servable = load_servable(command.get<std::string>("model"), catalog, device);
  } else {
    const auto document = read_document(command.get<std::string>("pipeline"), command.list("set"));
    for (auto& folder : plugin_folders(document)) folders.push_back(std::move(folder));
    catalog = load_catalog(command, folders);
    servable = untrained(checked_pipeline(document, catalog, DatasetUse::unused), catalog, device);
  }
  const EncodeRowsOptions options{device, command.get<int64_t>("batch-size"), 0, false};
  const auto embedded =
      data ? embed_dataset(catalog, checked_pipeline(*data, catalog), servable, options, command.context())
           : embed_paths(catalog, servable, command.list("PATHS"), options, command.context());

  write_npy(output.string(), embedded.rows);
  std::string lines;
  for (const auto& line : embedded.lines) lines += line.dump() + "\n";
  const auto list = fs::path(output).replace_extension(".jsonl").string();
  write_file_atomically(list, lines);
  const auto rows = embedded.rows.size(0);
  if (embedded.failed > 0) {
    command.context().warning(fmt::format("{} of {} inputs could not be embedded; {} says why",
                                          embedded.failed, embedded.inputs, list));
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
