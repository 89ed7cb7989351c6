#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/base/size_text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/run/write_report.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;

/// Folders of plugins that the run's pipeline named.
std::vector<std::string> plugin_folders_of(const FinishedRun& run) {
  std::vector<std::string> folders;
  for (const auto& one : run.pipeline.value("plugins", json::array())) {
    if (one.is_string()) folders.push_back(one.get<std::string>());
  }
  return folders;
}

int report_command(const CommandLine& command) {
  const auto folder = command.list("RUN").front();
  const auto run = read_run(folder);
  const auto output = command.has("output") ? command.get<std::string>("output")
                                            : (std::filesystem::path(folder) / kReportFile).string();
  const auto catalog = load_catalog(command, plugin_folders_of(run));
  const auto written = write_report_again(run, output, catalog);
  if (!written.without.empty())
    command.context().warning("the report shows nothing of the data: " + written.without);
  if (command.json()) {
    std::cout << json_text({{"report", written.path},
                            {"bytes", written.bytes},
                            {"pictures", written.pictures},
                            {"left_out", written.left_out}},
                           2)
              << "\n";
  } else {
    std::cout << fmt::format("wrote {} ({}, {} pictures{})\n", written.path,
                             size_text(static_cast<uintmax_t>(written.bytes)), written.pictures,
                             written.left_out > 0 ? fmt::format("; {} are left out", written.left_out) : "");
  }
  return kExitOk;
}

const CommandBody kReport("report", &report_command);

}  // namespace
}  // namespace kindred::host
