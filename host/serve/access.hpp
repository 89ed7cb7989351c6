#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/http/http_message.hpp"

namespace kindred::host {

/// Who may ask a server what. [const methods: thread-safe]
class Access {
 public:
  /// `keys`, `origins`: see ApiOptions. `is_local`: it listens on this machine alone, so that names of other
  /// machines are refused as hosts: a page elsewhere could have its own name lead here (DNS rebinding).
  Access(std::vector<std::string> keys, std::vector<std::string> origins, bool is_local);

  /// The answer to a request that may not be done; nothing where it may. `is_open`: it needs no key.
  std::optional<HttpResponse> refusal(const HttpRequest& request, bool is_open) const;
  /// The answer to a browser that asks what a page may do; nothing where the request is none.
  std::optional<HttpResponse> preflight(const HttpRequest& request) const;
  /// Lets the page that asked read the answer, where it may.
  void allow(const HttpRequest& request, HttpResponse& response) const;

 private:
  bool has_key(const HttpRequest& request) const;
  bool is_allowed_origin(const HttpRequest& request) const;

  const std::vector<std::string> keys_, origins_;
  const bool is_local_;
};

/// Compares all letters, however early two texts differ, so that the time says nothing of a key.
bool equal_in_constant_time(const std::string& a, const std::string& b);

/// The keys of a file, one per line; empty lines and those that begin with # are passed over. Throws Error.
std::vector<std::string> read_keys(const std::string& path);

}  // namespace kindred::host
