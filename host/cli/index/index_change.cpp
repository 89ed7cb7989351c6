#include "host/cli/index/index_change.hpp"

#include <fmt/format.h>

#include "host/cli/refinement_request.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

RowChange asked_change(const CommandLine& command) {
  const auto asked = refinement_request(command);
  return {asked.cut, false, asked.whiten, command.has("mirror")};
}

}  // namespace

IndexSpace asked_space(const CommandLine& command, const IndexEncoder& encoder) {
  IndexSpace space;
  space.model_name = encoder.model_name();
  space.model_fingerprint = encoder.fingerprint();
  space.model_dimension = space.dimension = encoder.dimension();
  space.change = asked_change(command);
  if (space.change.mirror && !encoder.reads_pictures_too())
    throw UsageError("--mirror: the model reads no pictures, which alone have mirror images");
  const auto keep = [&](const char* option, int64_t numbers) {
    if (numbers == 0) return;
    if (numbers > space.dimension) {
      throw UsageError(fmt::format("--{} is {}, and a row has {} numbers before it; take 1 to {}", option,
                                   numbers, space.dimension, space.dimension));
    }
    space.dimension = numbers;
  };
  keep("cut", space.change.cut);
  keep("whiten", space.change.whiten);
  space.distance = encoder.distance();
  space.change.unit_length = space.change.cut > 0 && (space.unit_length() || encoder.unit_length());
  if (space.change.whiten > 0 && !space.unit_length()) {
    if (command.has("distance")) {
      throw UsageError(
          "--distance " + command.get<std::string>("distance") +
          " does not go with --whiten: whitened rows have length 1 and are compared by the cosine");
    }
    command.context().info("whitened rows have length 1 and are compared by the cosine");
    space.distance = Distance::cosine;
  }
  space.precision =
      command.has("precision") ? precision_from_name(command.get<std::string>("precision")) : at::kHalf;
  return space;
}

bool is_same_change(const CommandLine& command, const IndexWriter& writer) {
  const auto asked = asked_change(command);
  const auto& begun = writer.space().change;
  return asked.cut == begun.cut && asked.whiten == begun.whiten && asked.mirror == begun.mirror;
}

void check_same_change(const CommandLine& command, const IndexWriter& writer) {
  if (is_same_change(command, writer)) return;
  const auto options = [](const RowChange& change) {
    std::string text;
    if (change.cut > 0) text += fmt::format(" --cut {}", change.cut);
    if (change.whiten > 0) text += fmt::format(" --whiten {}", change.whiten);
    if (change.mirror) text += " --mirror";
    return text.empty() ? "neither --cut, --whiten nor --mirror" : text.substr(1);
  };
  throw Error(
      fmt::format("{} was begun with {}, and now there is {}; go on with the same, or remove its folder to "
                  "begin anew",
                  writer.path(), options(writer.space().change), options(asked_change(command))));
}

void check_enough_rows(const IndexWriter& writer, int64_t rows) {
  const auto wanted = writer.space().change.whiten;
  if (!writer.waits_for_whitening() || rows > wanted) return;
  throw UsageError(
      fmt::format("--whiten {} learns from the rows of the index itself and needs more than {} of them, and "
                  "there are {}; take "
                  "a smaller number, or more samples",
                  wanted, wanted, rows));
}

void whiten_rows(IndexWriter& writer, Context& context) {
  const auto& state = writer.state();
  if (!writer.waits_for_whitening() || state.rows == state.removed) return;
  context.info(fmt::format("whitening {} rows", state.rows));
  int64_t learned_from = 0;
  const auto whitening =
      learn_whitening(*writer.rows(), writer.live_rows(), writer.space().change.whiten, learned_from);
  writer.whiten(whitening, learned_from);
}

}  // namespace kindred::host
