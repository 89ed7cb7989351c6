#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

namespace kindred::host {

/// What stands behind the name of an option.
enum class OptionValue {
  none,
  text,
  texts,  ///< a text each time that the option is given; it may repeat
  integer,
  number,
};

struct CommandOption {
  const char* name;
  OptionValue value;
  const char* value_name;           ///< "DIR" in the help text; null where there is no value
  const char* text;                 ///< what it does
  const char* otherwise = nullptr;  ///< its value where it is not given; null: it has none then
};

/// The arguments without a dash, in order.
struct CommandArguments {
  std::initializer_list<const char*> names;
  size_t required = 0;        ///< how many of them must be given
  bool last_repeats = false;  ///< whether the last may be given several times
  /// The words that the first may be, with a blank between them; null: it is something else.
  const char* words = nullptr;
};

/// What a command's code is linked into. The libraries compute, so they need LibTorch.
enum class CommandLibrary {
  program,  ///< the program `host` itself
  engine,   ///< libkindred_engine.so: trains and measures
  tools,    ///< libkindred_tools.so: works with what was trained
};

/// All that is known of a command without running it. Whatever it does is in commands/command_<name>.cpp.
struct Command {
  const char* name;
  CommandLibrary library;  ///< where commands/command_<name>.cpp is linked into
  const char* summary;     ///< its line in `host --help`
  const char* usage;       ///< "run PIPELINE [options]"
  const char* text;        ///< what it does
  const char* example;     ///< one line to copy
  CommandArguments arguments;
  std::initializer_list<CommandOption> options;  ///< beside those that every command has
  /// Of a command of the program, the first argument with which libkindred_engine.so runs it; null: none.
  const char* engine_action = nullptr;
};

/// Every command, by name. Constant data in the program as in both libraries: so the program answers --help
/// and refuses a mistyped option without loading LibTorch.
struct CommandTable {
  const Command* begin() const;
  const Command* end() const;
};

/// The options that every command has.
const std::initializer_list<CommandOption>& common_options();

/// Null when there is none of this name.
const Command* find_command(const std::string& name);

}  // namespace kindred::host
