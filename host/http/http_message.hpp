#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kindred::host {

/// One request, whole. Whoever holds it keeps its body in memory, which counts against HttpLimits::bodies.
struct HttpRequest {
  std::string method;                         ///< "GET"; of a HEAD request "GET", too
  std::string path;                           ///< as it was sent, without the query: "/items/a%20b"
  std::map<std::string, std::string> query;   ///< decoded; of a name that stands twice the last
  std::map<std::string, std::string> fields;  ///< of the header, by name in lower case
  std::string body;
  std::string client;                 ///< its address
  double begin = 0;                   ///< now_seconds() when its first byte came
  std::atomic<bool> is_gone = false;  ///< the client hung up: whatever is done for it is in vain
  std::shared_ptr<void> body_room{};  ///< gives back what the body takes of the server's memory

  /// A field of the header by its name in lower case; "" where it is not there.
  const std::string& field(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> fields{};
};

using RequestPtr = std::shared_ptr<const HttpRequest>;

/// Takes the answer to one request, once, on any thread; what comes later is dropped.
using Respond = std::function<void(HttpResponse)>;

/// Answers a request, at once or later. It is called on a thread of the server that may wait for disks.
using HttpHandler = std::function<void(const RequestPtr&, const Respond&)>;

/// {"error": {"message", "type", "code"}}, as clients of OpenAI's interface read it. `type`: "" follows from
/// the status.
HttpResponse error_response(int status, const std::string& message, const std::string& code = "");

/// "Not Found"; "" of a number that is no status.
std::string status_text(int status);

}  // namespace kindred::host
