#include "host/http/router.hpp"

#include <optional>

#include "host/base/text_forms/percent_encoding.hpp"
#include "kindred/io/image_names.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  for (size_t begin = 1; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

bool is_part(const std::string& segment) { return segment.size() > 2 && segment.front() == '{'; }

std::string part_name(const std::string& segment) { return segment.substr(1, segment.size() - 2); }

/// The parts of a path that a pattern stands for; nothing where it does not.
std::optional<std::map<std::string, std::string>> matched(const std::vector<std::string>& pattern,
                                                          const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  std::map<std::string, std::string> parts;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const auto text = percent_decoded(path[i], false);
    if (!text) return std::nullopt;
    if (is_part(pattern[i])) {
      if (text->empty()) return std::nullopt;
      parts[part_name(pattern[i])] = *text;
    } else if (pattern[i] != *text) {
      return std::nullopt;
    }
  }
  return parts;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const auto& route : routes_) segments_.push_back(segments_of(route.pattern));
}

const Route* Router::find(const HttpRequest& request, Call& call) const {
  const auto path = segments_of(request.path);
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (routes_[i].method != request.method) continue;
    if (auto parts = matched(segments_[i], path)) {
      call.parts = std::move(*parts);
      return &routes_[i];
    }
  }
  return nullptr;
}

HttpResponse Router::nothing_found(const HttpRequest& request) const {
  const auto path = segments_of(request.path);
  std::string methods;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (matched(segments_[i], path)) methods += (methods.empty() ? "" : ", ") + routes_[i].method;
  }
  if (methods.empty())
    return error_response(404, "there is no " + shown(request.path) + "; /docs lists what there is");
  auto response = error_response(
      405, shown(request.path) + " does not take " + shown(request.method) + "; it takes " + methods);
  response.fields.emplace_back("Allow", methods);
  return response;
}

json openapi_document(const std::vector<Route>& routes, const json& info, const json& schemas) {
  json paths = json::object();
  for (const auto& route : routes) {
    if (route.is_page) continue;
    auto operation = route.operation.is_object() ? route.operation : json::object();
    operation["summary"] = route.summary;
    auto parameters = json::array();
    for (const auto& segment : segments_of(route.pattern)) {
      if (is_part(segment)) {
        parameters.push_back({{"name", part_name(segment)},
                              {"in", "path"},
                              {"required", true},
                              {"schema", {{"type", "string"}}}});
      }
    }
    for (const auto& one : operation.value("parameters", json::array())) parameters.push_back(one);
    if (!parameters.empty()) operation["parameters"] = parameters;
    if (!operation.contains("responses")) operation["responses"] = {{"200", {{"description", "done"}}}};
    if (route.is_open) operation["security"] = json::array();
    paths[route.pattern][lower_case(route.method)] = std::move(operation);
  }
  return {{"openapi", "3.0.3"},
          {"info", info},
          {"paths", paths},
          {"components",
           {{"schemas", schemas}, {"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
          {"security", {{{"key", json::array()}}, json::object()}}};
}

}  // namespace kindred::host
