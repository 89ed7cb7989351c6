#include "host/cli/completion/possible_words.hpp"

#include <sstream>

#include "host/loader/component_kinds.hpp"

namespace kindred::host {
namespace {
using Kind = PossibleWords::Kind;

PossibleWords argument_words(const Command& command, size_t i) {
  const auto& arguments = command.arguments;
  const auto count = arguments.names.size();
  if (count == 0 || (i >= count && !arguments.last_repeats)) return {};
  const std::string name = arguments.names.begin()[i < count ? i : count - 1];
  // Whatever else an argument is, it is a path: a pipeline, a picture, a run, an index.
  if (name == "ID" || name == "NAME") return {};
  return {Kind::files};
}

}  // namespace

PossibleWords value_words(const CommandOption& option) {
  const std::string name = option.name;
  const std::string value = option.value_name == nullptr ? "" : option.value_name;
  if (value == "KIND") return {Kind::words, {std::begin(kComponentKinds), std::end(kComponentKinds)}};
  if (name == "device") return {Kind::words, {"auto", "cpu", "cuda"}};
  if (value == "DIR" || value == "INDEX") return {Kind::folders};
  if (value.rfind("FILE", 0) == 0 || value == "QUERY") return {Kind::files};
  return {};
}

PossibleWords first_words(const Command& command) {
  if (command.arguments.words == nullptr) return argument_words(command, 0);
  PossibleWords possible{Kind::words};
  std::istringstream words(command.arguments.words);
  for (std::string word; words >> word;) possible.words.push_back(word);
  return possible;
}

PossibleWords further_words(const Command& command) { return argument_words(command, 1); }

WrittenOption::WrittenOption(const CommandOption& one)
    : long_name("--" + std::string(one.name)), has_value(one.value != OptionValue::none), option(one) {
  const auto comma = long_name.find(',');
  if (comma == std::string::npos) return;
  short_name = "-" + long_name.substr(comma + 1);
  long_name.resize(comma);
}

std::vector<WrittenOption> written_options(const Command& command) {
  std::vector<WrittenOption> written;
  for (const auto& option : command.options) written.emplace_back(option);
  for (const auto& option : common_options()) written.emplace_back(option);
  return written;
}

std::string with_blanks(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace kindred::host
