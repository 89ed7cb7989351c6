#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/http/http_message.hpp"

namespace kindred::host {

/// A request with the parts of its path that stand for something: of "/items/{id}" the "id", decoded.
struct Call {
  RequestPtr request;
  std::map<std::string, std::string> parts;
};

/// One thing that a server does.
struct Route {
  std::string method;   ///< "GET"
  std::string pattern;  ///< "/items/{id}/picture"
  std::string summary;  ///< one sentence
  /// What more an OpenAPI document says of it: "description", "parameters" of the query, "requestBody",
  /// "responses".
  nlohmann::json operation;
  std::function<void(const Call&, const Respond&)> answer;
  bool is_open = false;  ///< it needs no key
  bool is_page = false;  ///< it is for browsers, and not in the OpenAPI document
};

/// Finds the route of a request. [const methods: thread-safe]
class Router {
 public:
  explicit Router(std::vector<Route> routes);

  const std::vector<Route>& routes() const { return routes_; }
  /// The route of a path and method; null where there is none. Fills the parts of the path.
  const Route* find(const HttpRequest& request, Call& call) const;
  /// 404 with a hint, or 405 with the methods that the path has.
  HttpResponse nothing_found(const HttpRequest& request) const;

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> segments_;  ///< of the patterns
};

/// The OpenAPI document (version 3.0.3) of all routes but pages. `schemas` are those that operations refer to
/// as "#/components/schemas/NAME".
nlohmann::json openapi_document(const std::vector<Route>& routes, const nlohmann::json& info,
                                const nlohmann::json& schemas);

}  // namespace kindred::host
