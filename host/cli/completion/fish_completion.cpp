#include "host/cli/completion/possible_words.hpp"

namespace kindred::host {
namespace {
using Kind = PossibleWords::Kind;

constexpr const char* kFishBegin =
    R"fish(# Completes the commands of `host`, their options, and files where a file is expected.
# It was written by `host completion fish`.

# Whether the command is $argv[1]; and where $argv[2] is there, whether so many words stand before the cursor.
function __kindred_is
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test (count $words) -eq $argv[2]
end

# Whether the command itself is to be completed.
function __kindred_first
    test (count (commandline -opc)) -eq 1
end

complete -c host -e
complete -c host -f
)fish";

std::string fish_quoted(const std::string& text) {
  std::string safe = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe + "'";
}

/// What is offered, as options of fish's `complete`.
std::string fish_offer(const PossibleWords& possible) {
  switch (possible.kind) {
    case Kind::files:
      return " -F";
    case Kind::folders:
      return " -f -a '(__fish_complete_directories)'";
    case Kind::words:
      return " -f -a " + fish_quoted(with_blanks(possible.words));
    case Kind::unknown:
      break;
  }
  return " -f";
}

std::string fish_lines(const Command& command) {
  const std::string name = command.name;
  const auto when = "complete -c host -n " + fish_quoted("__kindred_is " + name);
  std::string lines =
      "\ncomplete -c host -n __kindred_first -f -a " + name + " -d " + fish_quoted(command.summary) + "\n";
  for (const auto& one : written_options(command)) {
    lines += when + " -l " + one.long_name.substr(2);
    if (!one.short_name.empty()) lines += " -s " + one.short_name.substr(1);
    if (one.has_value) lines += " -r" + fish_offer(value_words(one.option));
    lines += " -d " + fish_quoted(one.option.text) + "\n";
  }
  const auto first = first_words(command), further = further_words(command);
  if (first.kind == Kind::words)
    lines += "complete -c host -n " + fish_quoted("__kindred_is " + name + " 2") + fish_offer(first) + "\n";
  // Fish offers files at a place as soon as one line says -F.
  if (first.kind == Kind::files)
    lines += when + " -F\n";
  else if (further.kind == Kind::files)
    lines += "complete -c host -n " +
             fish_quoted("__kindred_is " + name + "; and not __kindred_is " + name + " 2") + " -F\n";
  return lines;
}

}  // namespace

std::string fish_completion() {
  std::string text = kFishBegin, names;
  for (const auto& command : CommandTable()) {
    names += std::string(" ") + command.name;
    text += fish_lines(command);
  }
  return text + "\ncomplete -c host -n '__kindred_is help 2' -f -a " + fish_quoted(names.substr(1)) +
         "\ncomplete -c kindred -w host\n";
}

}  // namespace kindred::host
