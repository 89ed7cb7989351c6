#pragma once

#include <boost/program_options.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/document.hpp"

namespace kindred::host {

/// The command line cannot be understood; exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Options of one command, on top of those that every command has: --help, --json, --quiet, --plugins.
class CommandLine {
 public:
  /// `usage`: "run PIPELINE [options]"; `text`: what it does; `example`: one line to copy.
  CommandLine(std::string usage, std::string text, std::string example);

  boost::program_options::options_description_easy_init add() { return options_.add_options(); }

  /// Names the arguments without a dash, in order; the last may repeat when `last_repeats`. Those up to
  /// `required` must be given.
  void positional(const std::vector<std::string>& names, size_t required, bool last_repeats = false);

  /// Returns false when --help was asked for and printed. Throws UsageError.
  bool parse(const std::vector<std::string>& arguments);

  bool has(const std::string& name) const { return values_.count(name) > 0; }
  template <class T>
  T get(const std::string& name) const {
    return values_[name].as<T>();
  }
  std::vector<std::string> list(const std::string& name) const;
  bool json() const { return has("json"); }
  /// The terminal, after parse(); with --quiet it shows warnings and errors only.
  Context& context() const { return *context_; }

 private:
  std::string usage_, text_, example_;
  boost::program_options::options_description options_, hidden_;
  boost::program_options::positional_options_description positional_;
  std::vector<std::string> required_;
  boost::program_options::variables_map values_;
  std::shared_ptr<Context> context_ = std::make_shared<Context>();
};

/// The catalogue for a command line and the folders a pipeline names. Refused plugins are told on stderr;
/// one in a folder that was named explicitly is an error (PluginError).
Catalog load_catalog(const CommandLine& command, const std::vector<std::string>& pipeline_folders = {});

/// Commands by name; the arguments are those behind the name. They return an exit code and may throw
/// UsageError, PipelineError, PluginError, Error and Interrupted.
int command_cache(const std::vector<std::string>& arguments);
int command_describe(const std::vector<std::string>& arguments);
int command_doctor(const std::vector<std::string>& arguments);
int command_embed(const std::vector<std::string>& arguments);
int command_evaluate(const std::vector<std::string>& arguments);
int command_inspect(const std::vector<std::string>& arguments);
int command_list(const std::vector<std::string>& arguments);
int command_new_plugin(const std::vector<std::string>& arguments);
int command_run(const std::vector<std::string>& arguments);
int command_schema(const std::vector<std::string>& arguments);
int command_validate(const std::vector<std::string>& arguments);

}  // namespace kindred::host
