#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/http/http_message.hpp"

namespace kindred::host {

/// What a client may cost. Times are in seconds.
struct HttpLimits {
  size_t header_bytes = 16 << 10;
  size_t body_bytes = 20 << 20;     ///< of one request
  size_t bodies = size_t{1} << 28;  ///< of all requests at once
  size_t connections = 1024;
  size_t waiting = 512;        ///< requests that wait for a thread
  double idle_seconds = 60;    ///< of a connection between two requests
  double header_seconds = 10;  ///< from the first byte of a request to the end of its header
  double body_seconds = 60;    ///< from there to the end of its body
  double answer_seconds = 60;  ///< that a client may take to read an answer
  double drain_seconds = 20;   ///< that requests may take to end after stop()
};

/// What came of a request, for logs and figures.
struct HttpOutcome {
  RequestPtr request;  ///< null where its header could not be read
  int status = 0;      ///< of the answer; 0: the client hung up before there was one
  double seconds = 0;  ///< from the first byte of the request to the last of the answer
  size_t answer_bytes = 0;
};

struct HttpOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;  ///< 0: one that is free
  int64_t threads = 2;   ///< that call the handler
  HttpLimits limits{};
  /// Called for every request when it is over, on a thread of the server; it must not wait.
  std::function<void(const HttpOutcome&)> outcome{};
};

/// HTTP/1.1 with keep-alive, over TCP without encryption. One thread moves bytes for all connections, others
/// call the handler. Slow, broken and hostile clients cost what HttpLimits says and nothing more.
/// [thread-safe]
class HttpServer {
 public:
  /// Listens from now on; connections wait until run(). Throws Error that names the address.
  HttpServer(const HttpOptions& options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The port that it listens on.
  uint16_t port() const;

  /// Serves until stop() was called and what was under way is answered, or drain_seconds are over.
  void run();
  /// Takes no connections any more; may be called from any thread, more than once.
  void stop();

  size_t connections() const;  ///< that are open
  size_t waiting() const;      ///< requests that wait for a thread

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace kindred::host
