#pragma once

#include <boost/program_options.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/base/collecting_context.hpp"
#include "host/cli/command_table.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/document.hpp"

namespace kindred::host {

/// The command line cannot be understood; exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a command was given, by its row of the command table and the options that every command has: --help,
/// --json, --quiet, --plugins.
class CommandLine {
 public:
  /// `command` must outlive it, as the rows of the table do.
  explicit CommandLine(const Command& command);

  /// Returns false when --help was asked for and printed. Throws UsageError.
  bool parse(const std::vector<std::string>& arguments);

  const Command& command() const { return command_; }
  bool has(const std::string& name) const { return values_.count(name) > 0; }
  template <class T>
  T get(const std::string& name) const {
    return values_[name].as<T>();
  }
  std::vector<std::string> list(const std::string& name) const;
  bool json() const { return has("json"); }
  /// The terminal, after parse(); with --quiet it shows warnings and errors only.
  Context& context() const { return *context_; }
  /// What was warned of on the terminal so far.
  std::vector<std::string> warnings() const { return context_->warnings(); }

 private:
  const Command& command_;
  boost::program_options::options_description options_, hidden_;
  boost::program_options::positional_options_description positional_;
  boost::program_options::variables_map values_;
  std::shared_ptr<Context> terminal_ = std::make_shared<Context>();
  std::shared_ptr<CollectingContext> context_ = std::make_shared<CollectingContext>(*terminal_);
};

/// The catalogue for a command line and the folders a pipeline names. Refused plugins are told on stderr;
/// one in a folder that was named explicitly is an error (PluginError).
Catalog load_catalog(const CommandLine& command, const std::vector<std::string>& pipeline_folders = {});

}  // namespace kindred::host
