#pragma once

#include <string>
#include <vector>

#include "host/cli/command_table.hpp"

namespace kindred::host {

/// What may stand at one place of a command line.
struct PossibleWords {
  enum class Kind { unknown, files, folders, words };
  Kind kind = Kind::unknown;
  std::vector<std::string> words{};  ///< where `kind` is words
};

/// What may stand behind an option that has a value.
PossibleWords value_words(const CommandOption& option);
/// What the first argument of a command may be, and what those behind it may be.
PossibleWords first_words(const Command& command);
PossibleWords further_words(const Command& command);

/// An option as it is written: of "k,k" "--k" and "-k".
struct WrittenOption {
  explicit WrittenOption(const CommandOption& option);
  std::string long_name, short_name;  ///< with their dashes; short_name may be empty
  bool has_value;
  const CommandOption& option;
};

/// Those of a command and those that every command has.
std::vector<WrittenOption> written_options(const Command& command);

/// The words with a blank between them.
std::string with_blanks(const std::vector<std::string>& words);

/// Scripts that make a shell complete `host` and `kindred`, written from the command table.
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace kindred::host
