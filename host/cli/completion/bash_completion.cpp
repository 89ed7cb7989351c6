#include "host/cli/completion/possible_words.hpp"

namespace kindred::host {
namespace {
using Kind = PossibleWords::Kind;

// Bash breaks --output=FILE into three words, so the name of an option may stand one word further back.
constexpr const char* kBashBegin =
    R"bash(# Completes the commands of `host`, their options, and files where a file is expected.
# It was written by `host completion bash`.
_kindred() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local options='' first='' further='' value=none
  COMPREPLY=()
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]] && (( COMP_CWORD > 1 )); then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if (( COMP_CWORD == 1 )); then
    _kindred_offer "$kindred_commands --help --version" "$current"
    return
  fi
  case ${COMP_WORDS[1]} in
    help) (( COMP_CWORD == 2 )) && _kindred_offer "$kindred_commands" "$current"; return ;;
)bash";

constexpr const char* kBashEnd = R"bash(    *) return ;;
  esac
  if [[ $value != none ]]; then
    _kindred_offer "$value" "$current"
  elif [[ $current == -* ]]; then
    _kindred_offer "$options" "$current"
  elif (( COMP_CWORD == 2 )); then
    _kindred_offer "$first" "$current"
  else
    _kindred_offer "$further" "$current"
  fi
}

# Offers files (<files>), folders (<folders>) or words that begin with $2.
_kindred_offer() {
  local line
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(case $1 in
    '<files>') compgen -f -- "$2" ;;
    '<folders>') compgen -d -- "$2" ;;
    *) compgen -W "$1" -- "$2" ;;
  esac)
  if [[ $1 == '<'* ]]; then compopt -o filenames 2> /dev/null; fi
  return 0
}

complete -F _kindred host kindred
)bash";

std::string bash_offer(const PossibleWords& possible) {
  switch (possible.kind) {
    case Kind::files:
      return "'<files>'";
    case Kind::folders:
      return "'<folders>'";
    case Kind::words:
      return "'" + with_blanks(possible.words) + "'";
    case Kind::unknown:
      break;
  }
  return "''";
}

std::string bash_case(const Command& command) {
  std::string names, values;
  for (const auto& one : written_options(command)) {
    names += (names.empty() ? "" : " ") + one.long_name;
    if (!one.has_value) continue;
    values += "        " + one.long_name + (one.short_name.empty() ? "" : "|" + one.short_name) +
              ") value=" + bash_offer(value_words(one.option)) + " ;;\n";
  }
  return std::string("    ") + command.name + ")\n      options='" + names +
         "'\n      first=" + bash_offer(first_words(command)) +
         " further=" + bash_offer(further_words(command)) + "\n      case $previous in\n" + values +
         "      esac ;;\n";
}

}  // namespace

std::string bash_completion() {
  std::string names, cases;
  for (const auto& command : CommandTable()) {
    names += (names.empty() ? "" : " ") + std::string(command.name);
    cases += bash_case(command);
  }
  return kBashBegin + cases + kBashEnd + "kindred_commands='" + names + " help'\n";
}

}  // namespace kindred::host
