#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "host/http/http_server.hpp"

namespace kindred::host {

/// A line of JSON per request: time, client, method, route, status, milliseconds and bytes; never what was
/// asked for or found. [thread-safe]
class RequestLog {
 public:
  /// Appends to a file; "" writes nothing. Throws Error where it cannot be opened.
  explicit RequestLog(const std::string& path);
  void add(const HttpOutcome& outcome, const std::string& route);

 private:
  std::mutex mutex_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
};

}  // namespace kindred::host
