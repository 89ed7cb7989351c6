#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/clock.hpp"
#include "host/item_search/query_mix.hpp"
#include "host/serve/route_parts.hpp"
#include "host/serve/serve_state.hpp"
#include "host/serve/thread_team.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int64_t kMostNeighbours = 1000, kDeepest = 10'000;

struct SearchRequest {
  std::vector<RequestObject> like, unlike;
  SearchWish wish;
  int64_t offset = 0;  // so many of the nearest are left out
  const ServedSide* side = nullptr;
};

bool truth_of(const json& value, const std::string& place) {
  if (value.is_boolean()) return value.get<bool>();
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  throw RequestError(400, place + " is " + json_text(value).substr(0, 40) + "; expected true or false");
}

std::vector<std::string> texts_of(const json& value, const std::string& place) {
  if (!value.is_array()) return {text_at(value, place)};
  std::vector<std::string> texts;
  for (const auto& one : value) texts.push_back(text_at(one, place));
  return texts;
}

/// Ranking stages as the command line has them.
Refinements stages_of(const json& value) {
  RefinementTexts texts;
  texts.rerank = texts_of(value, "/rerank");
  return read_refinements(texts);
}

SearchRequest request_of(const ServeState& state, const HttpRequest& http) {
  json fields;
  SearchRequest request;
  request.like = body_objects(http, "like", fields);
  request.side = &side_of(state, fields);
  json shorthand = json::object();
  for (const auto& [key, value] : fields.items()) {
    const auto place = "/" + key;
    if (key == "like" || key == "space") continue;
    if (key == "unlike")
      request.unlike = objects_of(value, place);
    else if (key == "k")
      request.wish.k = whole_number(value, place, 1, kMostNeighbours);
    else if (key == "offset")
      request.offset = whole_number(value, place, 0, kDeepest);
    else if (key == "where")
      request.wish.where = text_at(value, place);
    else if (key == "group_by")
      request.wish.group_by = text_at(value, place);
    else if (key == "exact")
      request.wish.exact = truth_of(value, place);
    else if (key == "rerank")
      request.wish.refinements = stages_of(value);
    else if (key == "image" || key == "text" || key == "vector" || key == "id")
      shorthand[key] = value;
    else {
      const auto close = closest_name(key, {"like", "unlike", "k", "offset", "where", "group_by", "exact",
                                            "rerank", "space", "image", "text", "vector", "id"});
      throw RequestError(
          400, "/" + shown(key) + " is not known" + (close.empty() ? "" : "; did you mean " + close + "?"));
    }
  }
  if (!shorthand.empty()) request.like.push_back(object_of(shorthand, ""));
  if (request.like.empty())
    throw RequestError(400,
                       "there is nothing to search for; give /like, or one of image, text, vector and id, or "
                       "a picture as the body");
  return request;
}

/// A row of the index, or a vector that somebody had of the model.
SearchQuery known_query(const RequestObject& object, const IndexFolder& folder) {
  if (object.kind == RequestObject::Kind::id) {
    auto query = query_of_item(folder, object.content);
    if (!query) throw RequestError(404, "the index has no item \"" + shown(object.content) + "\"");
    return std::move(*query);
  }
  const auto row = at::tensor(object.numbers, at::kFloat).unsqueeze(0);
  return {object.name.empty() ? "the vector" : object.name, "", folder.as_rows(row).select(0, 0)};
}

/// What `GET /items/ID` says of each, with its place among all that are found and its distance; without the
/// first `offset`.
json found_text(const std::vector<FoundItem>& found, int64_t offset) {
  auto lines = json::array();
  for (auto i = static_cast<size_t>(offset); i < found.size(); ++i) {
    auto line = item_text(found[i].stored.item);
    line["rank"] = i + 1;
    line["distance"] = found[i].distance;
    lines.push_back(std::move(line));
  }
  return lines;
}

class Search {
 public:
  Search(ServeState& state, const Call& call, const Respond& respond)
      : state_(state), respond_(respond), http_(call.request), request_(request_of(state, *call.request)) {}

  /// Embeds what has to be; the rest follows where that is done.
  static void begin(const std::shared_ptr<Search>& self) {
    std::vector<RequestObject> to_encode;
    for (const auto* list : {&self->request_.like, &self->request_.unlike}) {
      for (const auto& object : *list) {
        if (self->is_to_encode(object)) to_encode.push_back(object);
      }
    }
    if (to_encode.empty()) return answered(self->respond_, [&] { self->finish({}); });
    self->request_.side->model.encode(
        to_encode, self->http_,
        [self](EncodedInputs encoded, const std::string& failure) {
          if (!failure.empty()) return self->respond_(error_response(500, failure));
          if (!encoded.errors.empty())
            return self->respond_(error_response(400, encoded.errors.front().message));
          self->state_.later(
              [self, rows = encoded.rows] { answered(self->respond_, [&] { self->finish(rows); }); });
        },
        self->request_.side->index->mirror());
  }

 private:
  bool is_to_encode(const RequestObject& object) const {
    if (object.kind == RequestObject::Kind::id) return false;
    return object.kind != RequestObject::Kind::vector || request_.side->model.reads() == "vector";
  }

  void finish(const at::Tensor& encoded) {
    const ThreadTeamScope team;
    const auto begin = now_seconds();
    const auto index = request_.side->index->current();
    const auto& folder = index->folder();
    const auto rows = encoded.defined() ? folder.as_rows(encoded) : at::Tensor();
    int64_t next = 0;
    const auto query_of = [&](const RequestObject& object) {
      if (!is_to_encode(object)) return known_query(object, folder);
      return SearchQuery{object.name.empty() ? "the query" : object.name, "", rows[next++]};
    };
    std::vector<WeightedQuery> like;
    std::vector<SearchQuery> unlike;
    for (const auto& object : request_.like) like.emplace_back(query_of(object), object.weight);
    for (const auto& object : request_.unlike) unlike.push_back(query_of(object));
    auto wish = request_.wish;
    wish.k += request_.offset;
    const auto results = search_all(*index, {mixed_query(folder.space(), like, unlike)}, wish);
    const auto seconds = now_seconds() - begin;
    state_.figures.observe("search_seconds", {}, seconds);
    respond_(json_response({{"found", found_text(results.front().found, request_.offset)},
                            {"distance", distance_title(folder.space().distance)},
                            {"seconds", {{"search", seconds}, {"total", now_seconds() - http_->begin}}}}));
  }

  ServeState& state_;
  const Respond respond_;
  const RequestPtr http_;
  const SearchRequest request_;
};

}  // namespace

std::vector<Route> search_routes(ServeState& state) {
  const json body = {{"required", true},
                     {"content",
                      {{"application/json", {{"schema", {{"$ref", "#/components/schemas/SearchRequest"}}}}},
                       {"image/*", {{"schema", {{"type", "string"}, {"format", "binary"}}}}},
                       {"multipart/form-data",
                        {{"schema",
                          {{"type", "object"},
                           {"properties", {{"image", {{"type", "string"}, {"format", "binary"}}}}}}}}}}}};
  const json operation = {
      {"description",
       "With a picture as the body k, offset, where, group_by, exact and rerank stand in the query."},
      {"parameters",
       {query_parameter("k", "integer", "How many are to be found (10)."),
        query_parameter("offset", "integer", "How many of the nearest are left out (0)."),
        query_parameter("where", "string", "A condition over the columns, such as year >= 2010."),
        query_parameter("group_by", "string", "A column of whose values each is found once."),
        query_parameter("space", "string", "base: by the model before it was trained, where it is served.")}},
      {"requestBody", body},
      {"responses",
       {{"200",
         {{"description", "The nearest items, nearest first."},
          {"content",
           {{"application/json", {{"schema", {{"$ref", "#/components/schemas/SearchResponse"}}}}}}}}},
        {"400", {{"description", "The request cannot be done; the error says what is wrong."}}},
        {"404", {{"description", "The index has no item of this id."}}},
        {"429", {{"description", "Too many inputs wait; try again after Retry-After seconds."}}}}}};
  return {{"POST", "/search",
           "The items nearest to a picture, a text, a vector or an item, or to several of them.", operation,
           [&state](const Call& call, const Respond& respond) {
             answered(respond, [&] { Search::begin(std::make_shared<Search>(state, call, respond)); });
           }}};
}

}  // namespace kindred::host
