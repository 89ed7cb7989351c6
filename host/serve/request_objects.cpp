#include "host/serve/request_objects.hpp"

#include <fmt/format.h>

#include <cmath>

#include "host/base/text_forms/base64.hpp"
#include "host/http/multipart.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kMostParts = 1000;
constexpr size_t kMostNumbers = 1 << 20;  // of a vector

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

/// The bytes of a picture that a text holds.
std::string picture_bytes(const std::string& text, const std::string& place) {
  std::string_view encoded = text;
  if (begins(text, "http://") || begins(text, "https://") || begins(text, "file:"))
    throw RequestError(
        400, place + " is an address; this server fetches nothing, send the picture itself as base64");
  if (begins(text, "data:")) {
    const auto comma = text.find(',');
    if (comma == std::string::npos || text.substr(0, comma).find(";base64") == std::string::npos)
      throw RequestError(400, place + " is a data URI without ;base64, which is what is read");
    encoded.remove_prefix(comma + 1);
  }
  auto bytes = base64_bytes(encoded);
  if (!bytes || bytes->empty())
    throw RequestError(
        400, place + " is no base64 of a picture, with or without data:image/...;base64, before it");
  return std::move(*bytes);
}

std::vector<float> numbers_at(const json& value, const std::string& place) {
  if (!value.is_array() || value.empty() || value.size() > kMostNumbers)
    throw RequestError(400, place + " is no list of numbers");
  std::vector<float> numbers;
  for (const auto& one : value) {
    if (!one.is_number())
      throw RequestError(400, place + " holds " + json_text(one).substr(0, 40) + "; expected numbers");
    numbers.push_back(one.get<float>());
    if (!std::isfinite(numbers.back()))
      throw RequestError(400, place + " holds a number that float32 cannot");
  }
  return numbers;
}

}  // namespace

std::string text_at(const json& value, const std::string& place) {
  if (value.is_string()) return value.get<std::string>();
  throw RequestError(400, place + " is " + json_text(value).substr(0, 40) + "; expected a text");
}

bool is_json(const HttpRequest& request) {
  const auto& type = request.field("content-type");
  return type.empty() || begins(type, "application/json");
}

json json_body(const HttpRequest& request) {
  auto body = parse_json(request.body);
  if (body.is_object()) return body;
  throw RequestError(400, body.is_discarded()
                              ? "the body is no JSON, or nests too deep"
                              : "the body is " + json_text(body).substr(0, 40) + "; expected a JSON object");
}

RequestObject object_of(const json& value, const std::string& place) {
  RequestObject object;
  object.name = place;
  if (value.is_string()) {
    object.kind = RequestObject::Kind::text;
    object.content = value.get<std::string>();
    if (begins(object.content, "data:image/")) {
      object.content = picture_bytes(object.content, place);
      object.kind = RequestObject::Kind::image;
    }
    return object;
  }
  if (!value.is_object())
    throw RequestError(
        400, fmt::format("{} is {}; expected a text, or an object with image, text, vector or id", place,
                         json_text(value).substr(0, 40)));
  int kinds = 0;
  for (const auto& [key, inner] : value.items()) {
    const auto at = place + "/" + key;
    if (key == "image") {
      object.kind = RequestObject::Kind::image;
      object.content = picture_bytes(text_at(inner, at), at);
    } else if (key == "text") {
      object.kind = RequestObject::Kind::text;
      object.content = text_at(inner, at);
    } else if (key == "vector") {
      object.kind = RequestObject::Kind::vector;
      object.numbers = numbers_at(inner, at);
    } else if (key == "id") {
      object.kind = RequestObject::Kind::id;
      object.content = text_at(inner, at);
    } else if (key == "weight") {
      if (!inner.is_number() || !(inner.get<double>() > 0) || inner.get<double>() > 1e6)
        throw RequestError(400, at + " must be a number above 0");
      object.weight = inner.get<double>();
      continue;
    } else {
      throw RequestError(
          400, fmt::format("{}: {} is not known; expected image, text, vector or id", place, shown(key)));
    }
    ++kinds;
  }
  if (kinds != 1) throw RequestError(400, place + " must have one of image, text, vector and id");
  return object;
}

std::vector<RequestObject> objects_of(const json& value, const std::string& place) {
  if (!value.is_array()) return {object_of(value, place)};
  std::vector<RequestObject> objects;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i].is_number() || value[i].is_array())
      throw RequestError(
          400, fmt::format("{}/{} is {}; expected a text or a picture: lists of tokens are not read", place,
                           i, json_text(value[i]).substr(0, 40)));
    objects.push_back(object_of(value[i], fmt::format("{}/{}", place, i)));
  }
  return objects;
}

std::vector<RequestObject> body_objects(const HttpRequest& request, const char* key, json& fields) {
  const auto& type = request.field("content-type");
  fields = json::object();
  if (is_json(request)) {
    fields = json_body(request);
    const auto found = fields.find(key);
    if (found == fields.end()) return {};
    return objects_of(*found, std::string("/") + key);
  }
  for (const auto& [name, value] : request.query) fields[name] = value;
  std::vector<RequestObject> objects;
  if (begins(type, "multipart/form-data")) {
    try {
      for (const auto& part : form_parts(type, request.body, kMostParts)) {
        if (part.file_name.empty() && !begins(part.content_type, "image/")) {
          fields[part.name] = std::string(part.content);
        } else {
          objects.push_back({RequestObject::Kind::image,
                             std::string(part.content),
                             {},
                             part.file_name.empty() ? part.name : part.file_name});
        }
      }
    } catch (const Error& error) {
      throw RequestError(400, error.what());
    }
    return objects;
  }
  if (begins(type, "image/") || type == "application/octet-stream")
    return {{RequestObject::Kind::image, request.body, {}, "the picture"}};
  if (begins(type, "text/plain")) return {{RequestObject::Kind::text, request.body, {}, "the text"}};
  throw RequestError(415, "a body of " + shown(type) +
                              " is not read; send image/..., multipart/form-data or application/json");
}

std::string picture_type(std::string_view bytes) {
  if (begins(bytes, "\xff\xd8\xff")) return "image/jpeg";
  if (begins(bytes, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (begins(bytes, "GIF87a") || begins(bytes, "GIF89a")) return "image/gif";
  if (begins(bytes, "RIFF") && bytes.size() > 12 && bytes.substr(8, 4) == "WEBP") return "image/webp";
  if (begins(bytes, "BM") && bytes.size() > 26) return "image/bmp";
  return "";
}

}  // namespace kindred::host
