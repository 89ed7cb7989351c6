#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/clock.hpp"
#include "host/serve/numbers_text.hpp"
#include "host/serve/serve_state.hpp"
#include "kindred/distance.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// How embeddings are to be written.
struct Wish {
  bool as_base64 = false;
  int64_t dimensions = 0;  ///< 0: all
};

Wish wish_of(const json& fields, const ServedModel& model) {
  Wish wish;
  const auto format = fields.find("encoding_format");
  if (format != fields.end() && !format->is_null()) {
    if (*format != "float" && *format != "base64")
      throw RequestError(
          400, "/encoding_format is " + json_text(*format).substr(0, 40) + "; expected float or base64");
    wish.as_base64 = *format == "base64";
  }
  const auto dimensions = fields.find("dimensions");
  if (dimensions != fields.end() && !dimensions->is_null()) {
    if (!dimensions->is_number_integer() || *dimensions < 1 || *dimensions > model.dimension())
      throw RequestError(
          400, fmt::format("/dimensions is {}; the model \"{}\" has embeddings of {} numbers, of which the "
                           "first ones can be asked for",
                           json_text(*dimensions).substr(0, 40), shown(model.name()), model.dimension()));
    wish.dimensions = *dimensions;
  }
  return wish;
}

/// The first numbers alone, of length 1 again where embeddings have it.
at::Tensor cut(const at::Tensor& rows, const Wish& wish, const ServedModel& model) {
  if (wish.dimensions == 0 || wish.dimensions == rows.size(1)) return rows;
  const auto first = rows.slice(1, 0, wish.dimensions).contiguous();
  return model.card().unit_length.value_or(false) ? l2_normalized(first) : first;
}

std::string row_text(const at::Tensor& row, const Wish& wish) {
  return wish.as_base64 ? numbers_base64(row) : numbers_text(row);
}

const std::string* error_at(const EncodedInputs& encoded, size_t index) {
  for (const auto& error : encoded.errors) {
    if (error.index == index) return &error.message;
  }
  return nullptr;
}

/// As OpenAI's clients read it. An input that failed keeps its place, with an error and without numbers.
std::string openai_text(const EncodedInputs& encoded, const at::Tensor& rows, const Wish& wish,
                        const std::string& model) {
  std::string data;
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const auto* error = error_at(encoded, static_cast<size_t>(i));
    data += fmt::format("{}{{\"object\":\"embedding\",\"index\":{},\"embedding\":{}}}", i == 0 ? "" : ",", i,
                        error ? "[],\"error\":" + json_text({{"message", *error}}) : row_text(rows[i], wish));
  }
  return fmt::format(
      "{{\"object\":\"list\",\"data\":[{}],\"model\":{},\"usage\":{{\"prompt_tokens\":0,\"total_tokens\":0}}}"
      "}",
      data, json_text(model));
}

std::string own_text(const EncodedInputs& encoded, const at::Tensor& rows, const Wish& wish,
                     const std::string& model) {
  std::string list;
  for (int64_t i = 0; i < rows.size(0); ++i)
    list += (i == 0 ? "" : ",") +
            (error_at(encoded, static_cast<size_t>(i)) ? std::string("null") : row_text(rows[i], wish));
  auto errors = json::array();
  for (const auto& error : encoded.errors)
    errors.push_back({{"index", error.index}, {"message", error.message}});
  return fmt::format("{{\"model\":{},\"dimension\":{},\"embeddings\":[{}],\"errors\":{}}}", json_text(model),
                     rows.size(1), list, json_text(errors));
}

using WriteText = std::string (*)(const EncodedInputs&, const at::Tensor&, const Wish&, const std::string&);

void embed(ServeState& state, const Call& call, const Respond& respond, const char* key, WriteText write) {
  answered(respond, [&] {
    json fields;
    const auto objects = body_objects(*call.request, key, fields);
    if (objects.empty())
      throw RequestError(
          400, fmt::format("the request has nothing to embed; give /{}, or a picture as the body", key));
    auto& model = side_of(state, fields).model;
    const auto wish = wish_of(fields, model);
    model.encode(objects, call.request,
                 [&state, &model, respond, wish, write](EncodedInputs encoded, const std::string& failure) {
                   if (!failure.empty()) return respond(error_response(500, failure));
                   if (encoded.errors.size() == static_cast<size_t>(encoded.rows.size(0)))
                     return respond(error_response(400, encoded.errors.front().message));
                   // Writing many numbers takes a while, and the next batch waits for this thread.
                   state.later([&model, respond, wish, write, encoded = std::move(encoded)] {
                     answered(respond, [&] {
                       HttpResponse response;
                       response.body = write(encoded, cut(encoded.rows, wish, model), wish, model.name());
                       respond(std::move(response));
                     });
                   });
                 });
  });
}

json request_body(const char* schema, bool takes_pictures) {
  json content = {
      {"application/json", {{"schema", {{"$ref", std::string("#/components/schemas/") + schema}}}}}};
  if (takes_pictures) {
    content["image/*"] = {{"schema", {{"type", "string"}, {"format", "binary"}}}};
    content["multipart/form-data"] = {
        {"schema",
         {{"type", "object"},
          {"properties",
           {{"image", {{"type", "array"}, {"items", {{"type", "string"}, {"format", "binary"}}}}}}}}}};
  }
  return {{"required", true}, {"content", content}};
}

json responses(const char* schema) {
  return {
      {"200",
       {{"description", "The embeddings, in the order of the inputs."},
        {"content",
         {{"application/json", {{"schema", {{"$ref", std::string("#/components/schemas/") + schema}}}}}}}}},
      {"400", {{"description", "The request cannot be done; the error says what is wrong."}}},
      {"429", {{"description", "Too many inputs wait; try again after Retry-After seconds."}}}};
}

}  // namespace

std::vector<Route> embedding_routes(ServeState& state) {
  return {{"POST",
           "/v1/embeddings",
           "Embeddings as clients of OpenAI's interface ask for them.",
           {{"requestBody", request_body("EmbeddingsRequest", false)},
            {"responses", responses("EmbeddingsResponse")}},
           [&state](const Call& call, const Respond& respond) {
             embed(state, call, respond, "input", &openai_text);
           }},
          {"POST",
           "/embed",
           "Embeddings of pictures, texts or vectors.",
           {{"requestBody", request_body("EmbedRequest", true)}, {"responses", responses("EmbedResponse")}},
           [&state](const Call& call, const Respond& respond) {
             embed(state, call, respond, "inputs", &own_text);
           }}};
}

}  // namespace kindred::host
