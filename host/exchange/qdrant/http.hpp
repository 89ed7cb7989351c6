#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/base/context.hpp"

namespace kindred::host {

/// What became of a request.
struct HttpReply {
  int64_t status = 0;  ///< 0: there was no answer that is whole, and `failure` says why
  std::string failure;
  bool is_refused = false;    ///< nobody listens there, or it is somebody else
  bool is_too_large = false;  ///< the answer is larger than kLargestReply
  std::string body;
  int64_t retry_after = 0;  ///< seconds, as the server says; 0: it says nothing
};

constexpr size_t kLargestReply = size_t{64} << 20;

/// Requests to one server, of which the connection is kept: http or https with certificates checked, without
/// following redirections. [one thread at a time]
class HttpConnection {
 public:
  /// `headers`: of all requests, "name: value". `timeout_seconds`: of a request, with its answer.
  HttpConnection(std::vector<std::string> headers, int64_t timeout_seconds, Context& context);
  ~HttpConnection();
  /// `body`: JSON, or "" for none. Throws Interrupted where the context is, also in the middle.
  HttpReply send(const std::string& method, const std::string& url, const std::string& body);

 private:
  class Handle;
  const std::unique_ptr<Handle> handle_;
};

/// Says why this build has no HTTP, and how one gets it; "" where it has.
std::string http_missing();

/// A text as one part of a path in a URL.
std::string url_part(const std::string& text);

}  // namespace kindred::host
