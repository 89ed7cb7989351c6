#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/refinement_request.hpp"
#include "host/pipeline/validator.hpp"
#include "host/report/tables.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/evaluate_model.hpp"
#include "host/run/weights_advice.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// Where the result goes is known to be there before anything is computed.
void make_folder_of(const fs::path& output) {
  const auto folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (fs::is_directory(folder) && ::access(folder.c_str(), W_OK) == 0) return;
  throw Error("cannot write " + output.string() +
              " for --output: " + (failed ? failed.message() : "its folder cannot be written"));
}

int evaluate_command(const CommandLine& command) {
  if (!command.has("model"))
    throw UsageError("--model DIR is missing; it is the folder of a run, or its model/");
  const auto refinements = refinement_request(command);
  if (command.has("output")) make_folder_of(command.get<std::string>("output"));

  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  tell_notes(pipeline, command.context());
  const auto before = command.warnings();
  auto result =
      evaluate_model(pipeline, catalog, command.get<std::string>("model"), refinements, command.context());
  result["warnings"] = command.warnings();
  if (command.has("output"))
    write_file_atomically(command.get<std::string>("output"), json_text(result, 2) + "\n");
  if (command.json())
    std::cout << json_text(result, 2) << "\n";
  else
    std::cout << metrics_table(result, before) << refinement_table(result);
  return kExitOk;
}

const CommandBody kEvaluate("evaluate", &evaluate_command);

}  // namespace
}  // namespace kindred::host
