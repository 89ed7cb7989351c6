#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/http/http_server.hpp"
#include "host/index/index_writer.hpp"
#include "host/serve/encode_queue.hpp"

namespace kindred::host {

class Catalog;

struct ApiOptions {
  HttpOptions http{};
  QueueOptions queue{};
  std::vector<std::string> keys{};     ///< of clients; empty: none is asked for
  std::vector<std::string> origins{};  ///< of pages that may ask from elsewhere (CORS); "*": all
  std::string request_log{};           ///< a file that gets a line of JSON per request; "": none
};

/// A model, and an index of it.
struct ApiModel {
  InferenceModel model;
  std::string fingerprint;
  std::string index;  ///< the folder of an index; "": none
};

/// What is served.
struct ApiContent {
  ApiModel tuned;
  std::optional<ApiModel> base;  ///< the same before it was trained, with an index
  MakeIndex make_index;
};

/// The server of a model, and of an index of it: answers until `context` is interrupted. `listening` is
/// called with the port when connections are taken. Throws Error where the address, the log or the index
/// cannot be used, or another model made the index.
void serve_api(ApiContent what, const Catalog& catalog, const ApiOptions& options, Context& context,
               const std::function<void(uint16_t port)>& listening);

}  // namespace kindred::host
