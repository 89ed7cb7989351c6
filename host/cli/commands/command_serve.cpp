#include <fmt/format.h>

#include "host/base/exit_code.hpp"
#include "host/base/memory.hpp"
#include "host/base/size_text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/index/index_encoder.hpp"
#include "host/index/index_folder.hpp"
#include "host/model/device.hpp"
#include "host/model/model_fingerprint.hpp"
#include "host/model/servable.hpp"
#include "host/serve/access.hpp"
#include "host/serve/api_server.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kHighestPort = 65535;

int64_t number_of(const CommandLine& command, const char* option, int64_t low, int64_t high) {
  const auto number = command.get<int64_t>(option);
  if (number >= low && number <= high) return number;
  throw UsageError(fmt::format("--{} is {}; expected {} to {}", option, number, low, high));
}

ApiOptions options_of(const CommandLine& command) {
  ApiOptions options;
  options.http.address = command.get<std::string>("address");
  options.http.port = static_cast<uint16_t>(number_of(command, "port", 0, kHighestPort));
  options.http.threads = number_of(command, "threads", 1, 256);
  options.http.limits.body_bytes =
      static_cast<size_t>(bytes_of_text(command.get<std::string>("max-body"), "max-body"));
  options.http.limits.connections = static_cast<size_t>(number_of(command, "max-connections", 1, 100'000));
  options.queue.batch_inputs = number_of(command, "batch-size", 1, 4096);
  options.queue.most_inputs = number_of(command, "max-waiting", 1, 1'000'000);
  options.queue.window_seconds = seconds_of_text(command.get<std::string>("batch-window"), "batch-window");
  if (command.has("api-key-file")) options.keys = read_keys(command.get<std::string>("api-key-file"));
  options.origins = command.list("cors");
  if (command.has("request-log")) options.request_log = command.get<std::string>("request-log");
  return options;
}

/// The folder of the model that an index was built with.
std::string model_of_index(const std::string& index) {
  if (auto noted = noted_model(IndexFolder::open(index)->note(kModelNote)); !noted.empty()) return noted;
  throw Error("the model of the index " + index +
              " is not where it was when the index was built; build the index again");
}

ApiModel loaded(const CommandLine& command, const Catalog& catalog, const std::string& folder,
                const std::string& index, const InferenceModel::Options& inference) {
  const auto device = device_from_name(command.get<std::string>("device"));
  return {InferenceModel::load(folder, catalog, device, inference), model_fingerprint(folder), index};
}

int serve_command(const CommandLine& command) {
  if (!command.has("model")) throw UsageError("--model DIR is missing");
  use_one_heap();  // before there are threads
  const auto options = options_of(command);
  const auto catalog = load_catalog(command);
  const auto folder = model_folder(command.get<std::string>("model"));
  InferenceModel::Options inference{options.queue.batch_inputs, 0};
  inference.network = std::make_shared<Turns>(Turns::Where::own_thread);
  const auto index = command.has("index") ? command.get<std::string>("index") : "";
  ApiContent what{loaded(command, catalog, folder, index, inference), {}, index_maker(catalog)};
  if (command.has("base-index")) {
    if (index.empty()) throw UsageError("--base-index is shown beside --index, which is missing");
    const auto base = command.get<std::string>("base-index");
    what.base = loaded(command, catalog, model_of_index(base), base, inference);
  }
  auto& context = command.context();
  serve_api(std::move(what), catalog, options, context, [&](uint16_t port) {
    context.info(fmt::format("serving {} on http://{}:{} ; /docs says what programs can ask, Ctrl-C ends it",
                             folder, options.http.address, port));
  });
  context.info("the server has ended");
  return kExitOk;
}

const CommandBody kServe("serve", &serve_command);

}  // namespace
}  // namespace kindred::host
