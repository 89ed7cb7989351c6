#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "host/exchange/qdrant/http.hpp"

namespace kindred::host {

/// A collection of a Qdrant server, over its REST interface. What passes by itself (a server that is busy or
/// starts anew, a connection that breaks) is tried again some times, longer and longer apart; every request
/// may be made twice. [one thread at a time]
class QdrantServer {
 public:
  /// The key of the server, if it wants one, comes from the environment variable QDRANT_API_KEY. Throws Error
  /// where `url` is none of a server.
  QdrantServer(const std::string& url, const std::string& collection, int64_t timeout_seconds,
               Context& context);

  /// "the collection cars of http://localhost:6333".
  const std::string& title() const { return title_; }
  /// Its address.
  const std::string& url() const { return collection_; }

  /// What the server says of the collection; nothing where there is none. Throws Error.
  std::optional<nlohmann::json> find();
  /// Requests what stands at `path` below the collection, and returns the result of the answer. Throws Error.
  nlohmann::json call(const std::string& method, const std::string& path, const std::string& body);
  /// The same; nothing where the answer is larger than kLargestReply.
  std::optional<nlohmann::json> call_bounded(const std::string& method, const std::string& path,
                                             const std::string& body);

 private:
  HttpReply send(const std::string& method, const std::string& path, const std::string& body);
  void pause(double seconds) const;
  [[noreturn]] void fail(const HttpReply& reply) const;
  nlohmann::json result_of(const HttpReply& reply) const;

  const std::string server_, collection_, title_;
  const bool has_key_;
  Context& context_;
  HttpConnection http_;
  bool was_reached_ = false;
};

}  // namespace kindred::host
