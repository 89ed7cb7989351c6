// Bodies of requests, as a stranger may send them: the first line is the type of the content, what follows is
// the body. Beyond a crash it is a finding when an object has no content of its kind.
#include <cmath>
#include <cstdlib>
#include <string>

#include "fuzz_target.hpp"
#include "host/serve/request_objects.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(request) {
  using namespace kindred::host;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  if (end == std::string::npos) return false;
  HttpRequest request;
  request.method = "POST";
  request.path = "/embed";
  request.fields["content-type"] = text.substr(0, end);
  request.body = text.substr(end + 1);
  try {
    nlohmann::json fields;
    const auto objects = body_objects(request, "inputs", fields);
    for (const auto& object : objects) {
      const bool is_vector = object.kind == RequestObject::Kind::vector;
      if (is_vector && (object.numbers.empty() || !std::isfinite(object.numbers.front()))) std::abort();
      if (!(object.weight > 0) || picture_type(object.content).size() > 20) std::abort();
    }
    if (!fields.is_object()) std::abort();
    return !objects.empty();
  } catch (const RequestError& error) {
    if (error.status() < 400 || error.status() > 499) std::abort();
    return false;
  }
}

}  // namespace kindred::fuzz
