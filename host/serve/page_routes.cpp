#include "host/serve/pages.hpp"
#include "host/serve/serve_state.hpp"

namespace kindred::host {
namespace {

/// What browsers let a page of this server do: nothing from elsewhere, no script within the text, and no
/// other page that shows it in a frame.
constexpr const char* kPolicy =
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

std::string type_of(const std::string& name) {
  const auto ending = name.substr(name.rfind('.') + 1);
  if (ending == "css") return "text/css; charset=utf-8";
  if (ending == "js") return "text/javascript; charset=utf-8";
  return "text/html; charset=utf-8";
}

/// index.html is the page of the server itself, docs.html that of "/docs"; others have their own names.
std::string address_of(const std::string& name) {
  if (name == "index.html") return "/";
  const auto dot = name.rfind('.');
  return "/" + (name.substr(dot) == ".html" ? name.substr(0, dot) : name);
}

}  // namespace

std::vector<Route> page_routes() {
  std::vector<Route> routes;
  for (const auto& page : pages()) {
    Route route{"GET", address_of(page.name), "A page for people.", nlohmann::json::object(),
                [&page](const Call&, const Respond& respond) {
                  HttpResponse response;
                  response.type = type_of(page.name);
                  response.body = page.text;
                  // A server of another version may listen here tomorrow.
                  response.fields.emplace_back("Cache-Control", "no-cache");
                  response.fields.emplace_back("Content-Security-Policy", kPolicy);
                  response.fields.emplace_back("Referrer-Policy", "no-referrer");
                  respond(std::move(response));
                }};
    route.is_open = route.is_page = true;
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace kindred::host
