#include "host/serve/serve_state.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

json of_type(const char* type, const char* description) {
  return {{"type", type}, {"description", description}};
}

json list_of(json items, const char* description) {
  return {{"type", "array"}, {"items", std::move(items)}, {"description", description}};
}

json object(json properties, json required = json::array()) {
  json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json reference(const char* name) { return {{"$ref", std::string("#/components/schemas/") + name}}; }

json input_schema() {
  const json properties = {
      {"image", of_type("string", "A picture as base64, or a data URI.")},
      {"text", of_type("string", "A text, where the model reads texts.")},
      {"vector",
       list_of({{"type", "number"}}, "Numbers: what the model reads, or in a search an embedding of it.")},
      {"id", of_type("string", "In a search: an item of the index.")},
      {"weight", of_type("number", "In a search of several: how much this one counts (1).")}};
  return {
      {"oneOf",
       {{{"type", "string"}, {"description", "A text, or a data URI of a picture."}}, object(properties)}}};
}

json space_schema() {
  return {{"type", "string"},
          {"enum", {"tuned", "base"}},
          {"default", "tuned"},
          {"description", "base: by the model before it was trained, where it is served."}};
}

json writing(json properties) {
  properties["encoding_format"] = {{"type", "string"}, {"enum", {"float", "base64"}}, {"default", "float"}};
  properties["space"] = space_schema();
  properties["dimensions"] = of_type("integer", "The first numbers of each embedding alone.");
  return properties;
}

}  // namespace

json api_schemas() {
  const json one_or_more = {{"oneOf", {reference("Input"), list_of(reference("Input"), "")}}};
  const json numbers = list_of({{"type", "number"}}, "");
  const json item = {{"id", of_type("string", "The item.")},
                     {"class_name", of_type("string", "Its class.")},
                     {"label", of_type("integer", "The number of its class.")}};
  auto new_item = item;
  for (const auto* key : {"image", "text"}) new_item[key] = of_type("string", "What is embedded.");
  new_item["vector"] = numbers;
  auto found = item;
  found.erase("class_name");
  found["class"] = of_type("string", "Its class.");
  found["picture"] = of_type("string", "Where its picture is, on this server.");
  const auto item_shown = found;
  found["rank"] = of_type("integer", "1 is the nearest.");
  found["distance"] = of_type("number", "By the distance of the index.");
  return {
      {"Input", input_schema()},
      {"EmbeddingsRequest",
       object(writing({{"input", one_or_more}, {"model", of_type("string", "It is not looked at.")}}),
              {"input"})},
      {"EmbeddingsResponse",
       object(
           {{"object", of_type("string", "list")},
            {"data", list_of(object({{"index", of_type("integer", "Of the input.")}, {"embedding", numbers}}),
                             "An input that failed has no numbers, and an error.")},
            {"model", of_type("string", "Its name.")}})},
      {"EmbedRequest", object(writing({{"inputs", one_or_more}}), {"inputs"})},
      {"EmbedResponse",
       object({{"model", of_type("string", "Its name.")},
               {"dimension", of_type("integer", "Numbers of an embedding.")},
               {"embeddings", list_of(numbers, "In the order of the inputs; null where one failed.")},
               {"errors", list_of(object({{"index", of_type("integer", "Of the input.")},
                                          {"message", of_type("string", "Why it has no embedding.")}}),
                                  "")}})},
      {"SearchRequest",
       object({{"like", one_or_more},
               {"unlike", one_or_more},
               {"k", of_type("integer", "How many are to be found (10).")},
               {"offset", of_type("integer", "How many of the nearest are left out (0).")},
               {"where", of_type("string", "A condition over the columns, such as year >= 2010.")},
               {"group_by", of_type("string", "A column of whose values each is found once.")},
               {"space", space_schema()},
               {"exact", of_type("boolean", "Compare with every item.")},
               {"rerank", list_of({{"type", "string"}}, "Stages such as alpha_qe:k=5 or k_reciprocal.")}})},
      {"SearchResponse", object({{"found", list_of(object(found), "The nearest first.")},
                                 {"distance", of_type("string", "Its name.")}})},
      {"ItemList", object({{"items", list_of(object(item_shown), "In their order.")},
                           {"next", of_type("string", "What to give as after; null behind the last.")}})},
      {"NewItems", object({{"items", list_of(object(new_item, {"id"}), "Every other key is a column.")},
                           {"existing", {{"type", "string"}, {"enum", {"refuse", "replace"}}}}},
                          {"items"})}};
}

}  // namespace kindred::host
