#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/http/router.hpp"
#include "host/serve/serve_figures.hpp"
#include "host/serve/served_index.hpp"
#include "host/serve/served_model.hpp"

namespace kindred::host {

/// A model and an index of it.
struct ServedSide {
  ServedModel& model;
  ServedIndex* index = nullptr;  ///< null: there is none, and no route for it
};

/// What all routes of a server work with.
struct ServeState {
  ServeFigures& figures;
  ServedSide tuned;
  const ServedSide* base =
      nullptr;  ///< the same before it was trained, to be seen beside it; null: not served
  /// Runs what may wait on a thread for that, soon.
  std::function<void(std::function<void()>)> later;
  /// The figures that are asked for when somebody looks.
  std::function<std::vector<ServeFigures::Value>()> values;
  std::function<bool()> is_draining;
};

// The routes by what they are about. `state` must outlive them.
std::vector<Route> embedding_routes(ServeState& state);
std::vector<Route> search_routes(ServeState& state);
std::vector<Route> item_list_routes(ServeState& state);
std::vector<Route> item_routes(ServeState& state);
std::vector<Route> status_routes(ServeState& state);

/// Those of the pages for people, which need no state.
std::vector<Route> page_routes();

/// The schemas that their operations refer to.
nlohmann::json api_schemas();

/// The side that a request asks for by its "space": "tuned", or "base". Throws RequestError.
const ServedSide& side_of(const ServeState& state, const nlohmann::json& fields);

/// Calls `body` and answers with the error that it throws, if any: RequestError has a status, Error is the
/// request's fault (400) as all that is checked before says, WriterBusy is 409, and anything else 500.
void answered(const Respond& respond, const std::function<void()>& body);

HttpResponse json_response(const nlohmann::json& body, int status = 200);

}  // namespace kindred::host
