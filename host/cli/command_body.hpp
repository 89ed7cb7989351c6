#pragma once

namespace kindred::host {

class CommandLine;

/// Said where the table has a command and no file of this build runs it, or the other way round.
inline constexpr const char* kOtherBuild =
    "the host and its libraries in lib/kindred are of different builds: install Kindred again";

/// What a command does. commands/command_<name>.cpp has one object of it at namespace scope, which makes the
/// command known to whatever the file is linked into (CommandLibrary). Such a file must be linked as an
/// object, since nothing asks an archive for it.
class CommandBody {
 public:
  /// `run` gets the command line as it was understood, and returns an exit code. It may throw UsageError,
  /// PipelineError, PluginError, Error and Interrupted.
  using Run = int (*)(const CommandLine& command);

  /// `name` is that of its row in the command table.
  CommandBody(const char* name, Run run) : name_(name), run_(run), next_(first_) { first_ = this; }
  CommandBody(const CommandBody&) = delete;
  CommandBody& operator=(const CommandBody&) = delete;

  /// Runs what is linked into this program or library for the command. Throws Error when nothing is.
  static int run(const CommandLine& command);

 private:
  const char* name_;
  Run run_;
  const CommandBody* next_;
  static const CommandBody* first_;  ///< null before any constructor runs, so their order does not matter
};

}  // namespace kindred::host
