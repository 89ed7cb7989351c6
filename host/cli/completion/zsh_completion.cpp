#include "host/cli/completion/possible_words.hpp"

namespace kindred::host {
namespace {
using Kind = PossibleWords::Kind;

constexpr const char* kZshBegin = R"zsh(#compdef host kindred
# Completes the commands of `host`, their options, and files where a file is expected.
# It was written by `host completion zsh`.
_kindred() {
  local -a commands=(
)zsh";

constexpr const char* kZshMiddle = R"zsh(  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  # From here on the command is the program, for _arguments.
  shift words
  (( CURRENT-- ))
  case $words[1] in
    help) _describe command commands ;;
)zsh";

// The file may be read by the shell when it starts, or be found by its name _kindred at the first Tab key.
constexpr const char* kZshEnd = R"zsh(  esac
}

if [[ $funcstack[1] == _kindred ]]; then
  _kindred "$@"
else
  compdef _kindred host kindred
fi
)zsh";

/// A text within single quotes, where zsh's completion reads `special` as its own.
std::string zsh_quoted(const std::string& text, const std::string& special) {
  std::string safe;
  for (const char c : text) {
    if (c == '\'') {
      safe += "'\\''";
    } else if (c == '\\' || special.find(c) != std::string::npos) {
      safe += std::string("\\") + c;
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string action(const PossibleWords& possible) {
  switch (possible.kind) {
    case Kind::files:
      return "_files";
    case Kind::folders:
      return "_files -/";
    case Kind::words:
      return "(" + with_blanks(possible.words) + ")";
    case Kind::unknown:
      break;
  }
  return " ";
}

std::string specification(const WrittenOption& one) {
  const auto text = "[" + zsh_quoted(one.option.text, "[]:") + "]";
  std::string value;
  if (one.has_value)
    value = ":" + zsh_quoted(one.option.value_name, "[]:") + ":" + action(value_words(one.option));
  const std::string repeats = one.option.value == OptionValue::texts ? "*" : "";
  const auto long_name = repeats + one.long_name + (one.has_value ? "=" : "");
  std::string lines = "        '" + long_name + text + value + "' \\\n";
  if (!one.short_name.empty()) lines += "        '" + repeats + one.short_name + text + value + "' \\\n";
  return lines;
}

std::string zsh_case(const Command& command) {
  std::string text = std::string("    ") + command.name + ")\n      _arguments -s -S \\\n";
  for (const auto& one : written_options(command)) text += specification(one);
  const auto& names = command.arguments.names;
  if (names.size() == 0) return text + "        && return ;;\n";
  const auto name = zsh_quoted(*names.begin(), "[]:");
  text += "        '1:" + name + ":" + action(first_words(command)) + "' \\\n";
  return text + "        '*:" + name + ":" + action(further_words(command)) + "' ;;\n";
}

}  // namespace

std::string zsh_completion() {
  std::string commands, cases;
  for (const auto& command : CommandTable()) {
    commands += std::string("    '") + command.name + ":" + zsh_quoted(command.summary, "") + "'\n";
    cases += zsh_case(command);
  }
  return kZshBegin + commands + kZshMiddle + cases + kZshEnd;
}

}  // namespace kindred::host
