#include <fmt/format.h>

#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/index/action_text.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/index/index_encoder.hpp"
#include "host/exchange/formats.hpp"
#include "host/exchange/transfer.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::string given(const CommandLine& command, const char* option, const char* otherwise = "") {
  return command.has(option) ? command.get<std::string>(option) : otherwise;
}

ExchangeRequest request_of(const CommandLine& command, const std::string& place) {
  ExchangeRequest request;
  request.place = place;
  request.context = &command.context();
  request.name = given(command, "name", "items");
  request.params = parse_json(given(command, "format-params", "{}"));
  if (!request.params.is_object())
    throw UsageError("--format-params must be a JSON object such as '{\"factory\": \"HNSW32\"}'");
  return request;
}

/// A name that is not known is the command line's fault.
const ExchangeFormat& format_of(const CommandLine& command, const char* option,
                                const ExchangeFormat& (*find)(const std::string&)) {
  if (!command.has(option))
    throw UsageError(
        fmt::format("--{} FORMAT is missing, such as numpy; host index --help lists them", option));
  return find(command.get<std::string>(option));
}

/// What the rows are: as their source says; what it does not say, as the command line says.
IndexSpace space_of(const CommandLine& command, const ItemSource& source, const IndexEncoder* encoder) {
  auto space = source.head().space;
  if (space.change.any()) {
    command.context().warning(
        "the rows are embeddings as an index changed them (" + change_text(space) +
        "): a query of the model does not become such a row, so that only ids and rows can be searched with");
    space.change = {};
    space.model_dimension = space.dimension;
    space.model_name = space.model_fingerprint = "";
  }
  const bool is_known = !space.model_fingerprint.empty();
  if (encoder != nullptr) {
    if (is_known) check_model(given(command, "from"), space, encoder->model_name(), encoder->fingerprint());
    if (space.dimension != encoder->dimension()) {
      throw Error(fmt::format("the rows have {} numbers, and the model \"{}\" gives {}: it did not make them",
                              space.dimension, encoder->model_name(), encoder->dimension()));
    }
    space.model_name = encoder->model_name();
    space.model_fingerprint = encoder->fingerprint();
    if (!is_known) space.distance = encoder->distance();
  }
  if (command.has("distance")) space.distance = distance_from_name(given(command, "distance"));
  if (command.has("precision")) space.precision = precision_from_name(given(command, "precision"));
  return space;
}

}  // namespace

int export_index(const CommandLine& command) {
  const auto folder = action_arguments(command, 1, false, "export INDEX --to FORMAT --output PLACE").front();
  const auto& format = format_of(command, "to", &export_format);
  if (!command.has("output"))
    throw UsageError(fmt::format("--output {} is missing: where {} goes", format.place, format.name));
  auto request = request_of(command, given(command, "output"));
  const auto catalog = load_catalog(command);
  request.make = index_maker(catalog);
  IndexSource source(IndexFolder::open(folder));
  const auto exported = format.write(source, request);
  if (command.json()) {
    print_json({{"folder", folder},
                {"format", format.name},
                {"items", source.head().items},
                {"written", exported.written},
                {"advice", exported.advice}});
    return kExitOk;
  }
  std::cout << fmt::format("{}: {} items were written\n", shown(folder), source.head().items);
  for (const auto& one : exported.written) std::cout << "  " << shown(one) << "\n";
  if (!exported.advice.empty()) std::cout << shown(exported.advice) << "\n";
  return kExitOk;
}

int import_index(const CommandLine& command) {
  const auto place = action_arguments(command, 1, false, "import PLACE --from FORMAT --output INDEX").front();
  const auto& format = format_of(command, "from", &import_format);
  if (!command.has("output")) throw UsageError("--output INDEX is missing: the index that is made");
  const ComponentChoice choice(command);
  const auto catalog = load_catalog(command);
  choice.check(catalog);
  const auto source = format.read(request_of(command, place));
  std::optional<IndexEncoder> encoder;
  if (command.has("model")) encoder.emplace(command, given(command, "model"));
  const auto space = space_of(command, *source, encoder ? &*encoder : nullptr);
  json index;
  const auto writer =
      filled_index(given(command, "output"), space, "host index import", [&](IndexWriter& filled) {
        if (encoder) encoder->note_in(filled);
        import_items(*source, filled, command.context());
        index = choice.build(filled, catalog, command.context());
      });
  print_made(command, writer, std::move(index), counts_text(writer));
  return kExitOk;
}

}  // namespace kindred::host
