#pragma once

#include <functional>
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

/// What is served.
struct ApiModel {
  InferenceModel model;
  std::string fingerprint;
  std::string index;  ///< the folder of an index; "": none
  MakeIndex make_index;
};

/// The server of a model, and of an index of it: answers until `context` is interrupted. `listening` is
/// called with the port when connections are taken. Throws Error where the address, the log or the index
/// cannot be used, or another model made the index.
void serve_api(ApiModel what, const Catalog& catalog, const ApiOptions& options, Context& context,
               const std::function<void(uint16_t port)>& listening);

}  // namespace kindred::host
