#include "host/serve/serve_state.hpp"

#include "host/index/writer_lock.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {

void answered(const Respond& respond, const std::function<void()>& body) {
  try {
    body();
  } catch (const RequestError& error) {
    respond(error_response(error.status(), error.what()));
  } catch (const WriterBusy& error) {
    auto response = error_response(409, error.what());
    response.fields.emplace_back("Retry-After", "1");
    respond(std::move(response));
  } catch (const Error& error) {
    respond(error_response(400, error.what()));
  } catch (const std::exception& error) {
    respond(error_response(500, error.what()));
  }
}

const ServedSide& side_of(const ServeState& state, const nlohmann::json& fields) {
  const auto space = fields.find("space");
  if (space == fields.end() || space->is_null() || *space == "tuned") return state.tuned;
  if (*space != "base")
    throw RequestError(400, "/space is " + json_text(*space).substr(0, 40) + "; expected tuned or base");
  if (state.base == nullptr)
    throw RequestError(400,
                       "/space is base, and the server has no base; host serve --base-index gives it one");
  return *state.base;
}

HttpResponse json_response(const nlohmann::json& body, int status) {
  HttpResponse response;
  response.status = status;
  response.body = json_text(body);
  return response;
}

}  // namespace kindred::host
