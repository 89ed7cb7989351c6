#include "host/cli/refinement_request.hpp"

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// 0 where the option is not given.
int64_t numbers_left(const CommandLine& command, const std::string& option) {
  if (!command.has(option)) return 0;
  const auto number = command.get<int64_t>(option);
  if (number == 0) throw UsageError("--" + option + " is 0; it is how many numbers of an embedding are left");
  return number;
}

}  // namespace

Refinements refinement_request(const CommandLine& command) {
  RefinementTexts texts;
  texts.cut = numbers_left(command, "cut");
  texts.whiten = numbers_left(command, "whiten");
  if (command.has("codes")) texts.codes = command.get<std::string>("codes");
  texts.rerank = command.list("rerank");
  try {
    return read_refinements(texts);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

}  // namespace kindred::host
