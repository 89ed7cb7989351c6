#include "host/cli/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "host/base/terminal_context.hpp"
#include "host/loader/named_plugins.hpp"

namespace kindred::host {
namespace po = boost::program_options;

namespace {

const po::value_semantic* semantic_of(const CommandOption& option) {
  const auto described = [&](auto* value) {
    value->value_name(option.value_name);
    return value;
  };
  switch (option.value) {
    case OptionValue::none:
      return new po::untyped_value(true);
    case OptionValue::text: {
      auto* value = described(po::value<std::string>());
      return option.otherwise == nullptr ? value : value->default_value(option.otherwise);
    }
    case OptionValue::texts:
      return described(po::value<std::vector<std::string>>())->composing();
    case OptionValue::integer: {
      auto* value = described(po::value<int64_t>());
      return option.otherwise == nullptr ? value : value->default_value(std::stoll(option.otherwise));
    }
    case OptionValue::number: {
      auto* value = described(po::value<double>());
      return option.otherwise == nullptr ? value : value->default_value(std::stod(option.otherwise));
    }
  }
  throw std::logic_error(std::string("--") + option.name + " has a value of an unknown kind");
}

/// How a value of the pipeline is given, where somebody wrote epochs=3 or --epochs 3; else empty.
std::string setting_advice(const Command& command, const std::vector<std::string>& arguments,
                           const po::error& error) {
  const bool sets = std::any_of(command.options.begin(), command.options.end(),
                                [](const auto& option) { return option.name == std::string("set"); });
  const bool assigns = std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
    return !argument.empty() && argument.front() != '-' && argument.find('=') != std::string::npos;
  });
  if (!sets || (!assigns && dynamic_cast<const po::unknown_option*>(&error) == nullptr)) return "";
  return "; a value of the pipeline is set by --set KEY=VALUE, such as --set train.epochs=3";
}

}  // namespace

CommandLine::CommandLine(const Command& command) : command_(command), options_("options") {
  for (const auto& options : {common_options(), command.options}) {
    for (const auto& option : options) options_.add_options()(option.name, semantic_of(option), option.text);
  }
  const auto& arguments = command.arguments;
  for (const auto* name : arguments.names) {
    const bool repeats = arguments.last_repeats && name == *(arguments.names.end() - 1);
    hidden_.add_options()(name, po::value<std::vector<std::string>>());
    positional_.add(name, repeats ? -1 : 1);
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
    throw UsageError(error.what() + setting_advice(command_, arguments, error) + "; usage: host " +
                     command_.usage);
  }
  if (has("help")) {
    std::cout << "usage: host " << command_.usage << "\n\n"
              << command_.text << "\n\n"
              << options_ << "\nexample:\n  " << command_.example << "\n";
    return false;
  }
  for (size_t i = 0; i < command_.arguments.required; ++i) {
    const std::string name = command_.arguments.names.begin()[i];
    if (!has(name)) throw UsageError(name + " is missing; usage: host " + command_.usage);
  }
  terminal_ = std::make_shared<TerminalContext>(has("quiet"));
  context_ = std::make_shared<CollectingContext>(*terminal_);
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
