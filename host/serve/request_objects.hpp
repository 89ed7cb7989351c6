#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/http/http_message.hpp"

namespace kindred::host {

/// A request that cannot be done as it is; the answer has this status and text.
class RequestError : public std::runtime_error {
 public:
  RequestError(int status, const std::string& message) : std::runtime_error(message), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

/// One thing that a request is about.
struct RequestObject {
  enum class Kind { image, text, vector, id };
  Kind kind = Kind::image;
  std::string content;         ///< the bytes of a picture, a text or an id
  std::vector<float> numbers;  ///< of a vector
  std::string name;            ///< what messages call it, such as "/input/3"
  double weight = 1;           ///< in a search
};

/// The objects of a request that gives them by its body alone:
///   image/...             one encoded picture
///   multipart/form-data   a picture per file
///   application/json      see objects_of()
/// Fields of a form that are no files are put into `fields`, and so is a JSON body's object. Throws
/// RequestError.
std::vector<RequestObject> body_objects(const HttpRequest& request, const char* key, nlohmann::json& fields);

/// Says whether a request brings a JSON body; it is read as one where it names no type.
bool is_json(const HttpRequest& request);
/// The object of a JSON body. Throws RequestError.
nlohmann::json json_body(const HttpRequest& request);

/// One object or a list of them: a text, or {"image": base64 or data URI}, {"text": ...}, {"vector": [...]},
/// {"id": ...}, with a "weight". `place` is its JSON pointer. Throws RequestError that names the place.
std::vector<RequestObject> objects_of(const nlohmann::json& value, const std::string& place);
RequestObject object_of(const nlohmann::json& value, const std::string& place);

/// A text at `place` of a request. Throws RequestError.
std::string text_at(const nlohmann::json& value, const std::string& place);

/// What kind of picture bytes begin like, such as "image/jpeg"; "" where they are none that browsers show.
std::string picture_type(std::string_view bytes);

}  // namespace kindred::host
