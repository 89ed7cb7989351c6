#include <fmt/format.h>

#include "host/serve/serve_state.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json card_text(const ServedModel& model) {
  const auto& card = model.card();
  auto components = json::array();
  for (const auto& one : card.components)
    components.push_back(
        {{"kind", one.kind}, {"id", one.id}, {"version", one.version}, {"plugin", one.plugin}});
  return {{"name", card.name},
          {"fingerprint", model.fingerprint()},
          {"dimension", model.dimension()},
          {"reads", model.reads()},
          {"distance", card.distance},
          {"unit_length", card.unit_length ? json(*card.unit_length) : json()},
          {"metrics", card.metrics},
          {"components", components}};
}

json index_text(ServedIndex& index) {
  auto info = index.current()->folder().info();
  info.erase("folder");
  return info;
}

}  // namespace

std::vector<Route> status_routes(ServeState& state) {
  const auto open = [](Route route) {
    route.is_open = true;
    return route;
  };
  return {
      open({"GET", "/health", "Says that the process lives.", json::object(),
            [](const Call&, const Respond& respond) {
              respond(json_response({{"status", "ok"}}));
            }}),
      open({"GET", "/ready", "Says whether requests are taken.", json::object(),
            [&state](const Call&, const Respond& respond) {
              if (state.is_draining()) return respond(error_response(503, "the server is ending"));
              respond(json_response({{"status", "ready"}}));
            }}),
      {"GET", "/info", "The model, its metrics, and the index.", json::object(),
       [&state](const Call&, const Respond& respond) {
         answered(respond, [&] {
           json base;
           if (state.base != nullptr)
             base = {{"model", card_text(state.base->model)}, {"index", index_text(*state.base->index)}};
           respond(json_response(
               {{"model", card_text(state.tuned.model)},
                {"index", state.tuned.index != nullptr ? index_text(*state.tuned.index) : json()},
                {"base", base},
                {"kindred", state.tuned.model.card().kindred_version}}));
         });
       }},
      {"GET", "/v1/models", "The model, as clients of OpenAI's interface ask for it.", json::object(),
       [&state](const Call&, const Respond& respond) {
         const json model = {
             {"id", state.tuned.model.name()}, {"object", "model"}, {"owned_by", "kindred"}, {"created", 0}};
         respond(json_response({{"object", "list"}, {"data", {model}}}));
       }},
      {"GET",
       "/metrics",
       "Figures for Prometheus.",
       {{"responses",
         {{"200", {{"description", "Text format 0.0.4."}, {"content", {{"text/plain", json::object()}}}}}}}},
       [&state](const Call&, const Respond& respond) {
         HttpResponse response;
         response.type = "text/plain; version=0.0.4; charset=utf-8";
         response.body = state.figures.text(state.values());
         respond(std::move(response));
       }}};
}

}  // namespace kindred::host
