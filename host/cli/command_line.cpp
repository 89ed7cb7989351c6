#include "host/cli/command_line.hpp"

#include <fmt/format.h>

#include <iostream>

#include "host/base/terminal_context.hpp"
#include "host/loader/named_plugins.hpp"

namespace kindred::host {
namespace po = boost::program_options;

CommandLine::CommandLine(std::string usage, std::string text, std::string example)
    : usage_(std::move(usage)), text_(std::move(text)), example_(std::move(example)), options_("options") {
  options_.add_options()("help,h", "show this text")("json", "machine-readable output on stdout")(
      "quiet,q", "only warnings and errors on stderr")(
      "plugins", po::value<std::vector<std::string>>()->value_name("DIR")->composing(),
      "folder with plugins, searched first; may repeat");
}

void CommandLine::positional(const std::vector<std::string>& names, size_t required, bool last_repeats) {
  for (size_t i = 0; i < names.size(); ++i) {
    hidden_.add_options()(names[i].c_str(), po::value<std::vector<std::string>>());
    positional_.add(names[i].c_str(), last_repeats && i + 1 == names.size() ? -1 : 1);
    if (i < required) required_.push_back(names[i]);
  }
}

bool CommandLine::parse(const std::vector<std::string>& arguments) {
  po::options_description all;
  all.add(options_).add(hidden_);
  try {
    po::store(po::command_line_parser(arguments)
                  .options(all)
                  .positional(positional_)
                  .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing)
                  .run(),
              values_);
  } catch (const po::error& error) {
    throw UsageError(std::string(error.what()) + "; usage: host " + usage_);
  }
  if (has("help")) {
    std::cout << "usage: host " << usage_ << "\n\n"
              << text_ << "\n\n"
              << options_ << "\nexample:\n  " << example_ << "\n";
    return false;
  }
  for (const auto& name : required_) {
    if (!has(name)) throw UsageError(name + " is missing; usage: host " + usage_);
  }
  context_ = std::make_shared<TerminalContext>(has("quiet"));
  return true;
}

std::vector<std::string> CommandLine::list(const std::string& name) const {
  return has(name) ? get<std::vector<std::string>>(name) : std::vector<std::string>{};
}

Catalog load_catalog(const CommandLine& command, const std::vector<std::string>& pipeline_folders) {
  const auto explicit_folders = command.list("plugins");
  const auto path = plugin_search_path(explicit_folders, pipeline_folders);
  auto catalog = Catalog::load(path);
  auto named = explicit_folders;
  named.insert(named.end(), pipeline_folders.begin(), pipeline_folders.end());
  require_named_plugins(catalog, named);
  for (const auto& rejected : catalog.rejected()) {
    command.context().warning(
        fmt::format("{} was not loaded: {} {}", rejected.file, rejected.code, rejected.message));
  }
  for (const auto& note : catalog.notes()) command.context().info(fmt::format("{}", note));
  return catalog;
}

}  // namespace kindred::host
