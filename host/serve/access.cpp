#include "host/serve/access.hpp"

#include <algorithm>
#include <sstream>

#include "host/base/loopback.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr size_t kShortestKey = 8;

/// "localhost:8080" -> "localhost", "[::1]:8080" -> "[::1]".
std::string without_port(const std::string& host) {
  const auto bracket = host.find(']');
  const auto colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
  return host.substr(0, colon);
}

}  // namespace

bool equal_in_constant_time(const std::string& a, const std::string& b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(i < b.size() ? b[i] : 0);
  // Read through a volatile, so that no compiler leaves the loop early.
  const volatile unsigned result = difference;
  return result == 0;
}

std::vector<std::string> read_keys(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::vector<std::string> keys;
  for (std::string line; std::getline(lines, line);) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.size() < kShortestKey)
      throw Error(path + ": a key has at least 8 letters; `openssl rand -hex 32` makes a good one");
    keys.push_back(line);
  }
  if (keys.empty()) throw Error(path + " holds no key; expected one per line");
  return keys;
}

Access::Access(std::vector<std::string> keys, std::vector<std::string> origins, bool is_local)
    : keys_(std::move(keys)), origins_(std::move(origins)), is_local_(is_local) {}

bool Access::has_key(const HttpRequest& request) const {
  const auto& field = request.field("authorization");
  const std::string bearer = "Bearer ";
  const auto given = field.rfind(bearer, 0) == 0 ? field.substr(bearer.size()) : request.field("x-api-key");
  bool found = false;
  for (const auto& key : keys_) found |= equal_in_constant_time(given, key);
  return found;
}

bool Access::is_allowed_origin(const HttpRequest& request) const {
  const auto& origin = request.field("origin");
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const std::string& one) { return one == "*" || one == origin; });
}

std::optional<HttpResponse> Access::refusal(const HttpRequest& request, bool is_open) const {
  const auto& host = request.field("host");
  if (is_local_ && !host.empty() && !is_loopback(without_port(host)))
    return error_response(403, "the server is for this machine, and was asked for as " + shown(host));
  const auto& origin = request.field("origin");
  const bool is_own_page = origin == "http://" + host || origin == "https://" + host;
  if (!origin.empty() && !is_own_page && !is_allowed_origin(request))
    return error_response(
        403, "pages of " + shown(origin) + " may not ask this server; --cors names those that may");
  if (keys_.empty() || is_open || has_key(request)) return std::nullopt;
  auto response = error_response(401, "a key is needed, as Authorization: Bearer KEY");
  response.fields.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

std::optional<HttpResponse> Access::preflight(const HttpRequest& request) const {
  if (request.method != "OPTIONS" || request.field("access-control-request-method").empty())
    return std::nullopt;
  if (!is_allowed_origin(request))
    return error_response(403, "pages of " + shown(request.field("origin")) + " may not ask this server");
  HttpResponse response;
  response.status = 204;
  response.type.clear();
  allow(request, response);
  response.fields.emplace_back("Access-Control-Allow-Methods", "GET, POST, DELETE");
  response.fields.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key");
  response.fields.emplace_back("Access-Control-Max-Age", "600");
  return response;
}

void Access::allow(const HttpRequest& request, HttpResponse& response) const {
  if (request.field("origin").empty() || !is_allowed_origin(request)) return;
  response.fields.emplace_back("Access-Control-Allow-Origin", request.field("origin"));
  response.fields.emplace_back("Vary", "Origin");
}

}  // namespace kindred::host
