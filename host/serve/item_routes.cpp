#include <ATen/ATen.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "host/pictures/jpeg.hpp"
#include "host/serve/route_parts.hpp"
#include "host/serve/serve_state.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int64_t kMostItems = 10'000;                  // of one request
constexpr int64_t kLargestPicture = int64_t{64} << 20;  // that is sent

/// An item, and the index as it was when it was found.
struct IndexedItem {
  std::shared_ptr<const LiveIndex> index;
  StoredItem stored;
};

IndexedItem item_of(ServeState& state, const Call& call) {
  const auto& id = call.parts.at("id");
  auto index = state.tuned.index->current();
  auto found = index->folder().find(id);
  if (!found) throw RequestError(404, "the index has no item \"" + shown(id) + "\"");
  return {std::move(index), std::move(*found)};
}

void show_item(ServeState& state, const Call& call, const Respond& respond) {
  answered(respond, [&] { respond(json_response(item_text(item_of(state, call).stored.item))); });
}

HttpResponse picture_response(std::string type, std::string bytes) {
  HttpResponse response;
  response.type = std::move(type);
  response.body = std::move(bytes);
  response.fields.emplace_back("Cache-Control", "private, max-age=3600");
  return response;
}

/// The file as it is, and nothing that is no picture: an index may come from somebody else, and name other
/// files of this machine.
HttpResponse picture_of(const Item& item) {
  struct stat status {};
  const bool is_file = !item.path.empty() && ::stat(item.path.c_str(), &status) == 0 &&
                       S_ISREG(status.st_mode) && status.st_size <= kLargestPicture;
  auto bytes = is_file ? read_file(item.path) : std::string();
  auto type = picture_type(bytes);
  if (type.empty())
    throw RequestError(404, "the item \"" + shown(item.id) + "\" has no picture that could be shown");
  return picture_response(std::move(type), std::move(bytes));
}

void show_picture(ServeState& state, const Call& call, const Respond& respond) {
  answered(respond, [&] { respond(picture_of(item_of(state, call).stored.item)); });
}

/// The small picture that the index keeps, where it does; else the picture itself.
void show_thumbnail(ServeState& state, const Call& call, const Respond& respond) {
  answered(respond, [&] {
    const auto [index, stored] = item_of(state, call);
    auto small = index->folder().thumbnail(stored.row);
    respond(small.empty() ? picture_of(stored.item) : picture_response("image/jpeg", std::move(small)));
  });
}

/// A form that any page of the web can send is not taken for a change.
void check_may_change(const HttpRequest& request) {
  const auto& type = request.field("content-type");
  if (type.rfind("application/json", 0) == 0 || type.rfind("image/", 0) == 0) return;
  throw RequestError(415, "items are added with a Content-Type of application/json or image/...");
}

Item described(const json& fields, const std::string& place) {
  Item item;
  for (const auto& [key, value] : fields.items()) {
    const auto wrong = [&, at = place + "/" + key](const char* expected) {
      return RequestError(400, at + " is " + json_text(value).substr(0, 40) + "; expected " + expected);
    };
    if (key == "id" || key == "class_name") {
      if (!value.is_string()) throw wrong("a text");
      (key == "id" ? item.id : item.class_name) = value.get<std::string>();
    } else if (key == "label") {
      if (!value.is_number_integer()) throw wrong("a whole number");
      item.label = value;
    } else if (key != "image" && key != "text" && key != "vector") {
      item.columns[key] = value;
    }
  }
  if (item.id.empty()) throw RequestError(400, place + " has no id that names the item");
  return item;
}

struct NewItems {
  std::vector<Item> items;
  std::vector<RequestObject> objects;
  Existing existing = Existing::refuse;
};

Existing existing_of(const json& fields) {
  const auto text = fields.value("existing", json("refuse"));
  if (text == "refuse") return Existing::refuse;
  if (text == "replace") return Existing::replace;
  throw RequestError(400, "/existing is " + json_text(text).substr(0, 40) + "; expected refuse or replace");
}

/// {"items": [{"id", "image"|"text"|"vector", "class_name", "label", columns...}], "existing"}, or a picture
/// as the body and its description in the query.
NewItems new_items(const HttpRequest& request) {
  check_may_change(request);
  NewItems given;
  if (!is_json(request)) {
    json fields;
    given.objects = body_objects(request, "items", fields);
    given.existing = existing_of(fields);
    fields.erase("existing");
    given.items.push_back(described(fields, ""));
    return given;
  }
  const auto body = json_body(request);
  given.existing = existing_of(body);
  const auto list = body.find("items");
  if (list == body.end() || !list->is_array() || list->empty() ||
      static_cast<int64_t>(list->size()) > kMostItems)
    throw RequestError(400, fmt::format("/items must be a list of 1 to {} items", kMostItems));
  for (size_t i = 0; i < list->size(); ++i) {
    const auto place = fmt::format("/items/{}", i);
    const auto& one = (*list)[i];
    if (!one.is_object()) throw RequestError(400, place + " is no object");
    given.items.push_back(described(one, place));
    json what = json::object();
    for (const auto* key : {"image", "text", "vector"}) {
      if (one.contains(key)) what[key] = one[key];
    }
    given.objects.push_back(object_of(what, place));
  }
  return given;
}

/// Gives items the small pictures that the index keeps, so that pages show what nobody has as a file. Null
/// where it keeps none.
SeePicture thumbnail_maker(ServeState& state, NewItems& given) {
  const auto side = state.tuned.index->thumbnail_side();
  if (side == 0) return nullptr;
  return [side, &given](int64_t place, const at::Tensor& picture) {
    const auto i = static_cast<size_t>(place);
    given.items[i].thumbnail = jpeg_thumbnail(picture, side, side, given.objects[i].name);
  };
}

void add_items(ServeState& state, const Call& call, const Respond& respond) {
  answered(respond, [&] {
    auto given = std::make_shared<NewItems>(new_items(*call.request));
    state.tuned.model.encode(
        given->objects, call.request,
        [&state, given, respond](EncodedInputs encoded, const std::string& failure) {
          if (!failure.empty()) return respond(error_response(500, failure));
          if (!encoded.errors.empty())
            return respond(error_response(400, encoded.errors.front().message + "; nothing was added"));
          state.later([&state, given, respond, rows = encoded.rows] {
            answered(respond, [&] {
              state.tuned.index->add(given->items, rows, given->existing);
              auto ids = json::array();
              for (const auto& item : given->items) ids.push_back(item.id);
              respond(json_response({{"added", ids}}, 201));
            });
          });
        },
        state.tuned.index->mirror(), thumbnail_maker(state, *given));
  });
}

void remove_item(ServeState& state, const Call& call, const Respond& respond) {
  answered(respond, [&] {
    const auto id = item_of(state, call).stored.item.id;
    state.tuned.index->remove({id});
    respond(json_response({{"removed", {id}}}));
  });
}

}  // namespace

std::vector<Route> item_routes(ServeState& state) {
  const auto route = [&state](const char* method, const char* pattern, const char* summary, json operation,
                              void (*answer)(ServeState&, const Call&, const Respond&)) {
    return Route{
        method, pattern, summary, std::move(operation),
        [&state, answer](const Call& call, const Respond& respond) { answer(state, call, respond); }};
  };
  const json added = {
      {"description",
       "What is acknowledged survives a crash, and the next search finds it. With a picture as the body "
       "id, class_name and columns stand in the query."},
      {"requestBody",
       {{"required", true},
        {"content",
         {{"application/json", {{"schema", {{"$ref", "#/components/schemas/NewItems"}}}}},
          {"image/*", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}}},
      {"responses",
       {{"201", {{"description", "The ids that were added."}}},
        {"400", {{"description", "Nothing was added; the error says why."}}},
        {"409", {{"description", "Another process writes the index at this moment."}}}}}};
  const json picture = {
      {"responses",
       {{"200", {{"description", "The picture's file."}, {"content", {{"image/*", json::object()}}}}},
        {"404", {{"description", "There is no such item, or it has no picture."}}}}}};
  return {route("POST", "/items", "Adds items to the index.", added, &add_items),
          route("GET", "/items/{id}", "What is known of an item.", json::object(), &show_item),
          route("DELETE", "/items/{id}", "Removes an item from the index.", json::object(), &remove_item),
          route("GET", "/items/{id}/picture", "The picture of an item.", picture, &show_picture),
          route("GET", "/items/{id}/thumbnail",
                "A small picture of an item, where the index keeps them; else the picture.", picture,
                &show_thumbnail)};
}

}  // namespace kindred::host
