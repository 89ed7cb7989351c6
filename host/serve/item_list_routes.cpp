#include <ATen/ATen.h>

#include "host/serve/route_parts.hpp"
#include "host/serve/serve_state.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr int64_t kMostListed = 1000, kListed = 100;

/// Rows from `begin` on whose items are there, and fit `where` unless it is "": at most `count`.
std::vector<int64_t> rows_from(const IndexFolder& folder, int64_t begin, int64_t count,
                               const std::string& where) {
  const auto mask = where.empty() ? folder.live() : folder.select(where);
  if (!mask.defined()) {
    std::vector<int64_t> rows;
    for (auto row = begin; row < std::min(folder.size(), begin + count); ++row) rows.push_back(row);
    return rows;
  }
  const auto found = at::nonzero(mask.slice(0, begin)).flatten().slice(0, 0, count).add(begin).contiguous();
  const auto* rows = found.data_ptr<int64_t>();
  return {rows, rows + found.numel()};
}

void list_items(ServeState& state, const Call& call, const Respond& respond) {
  answered(respond, [&] {
    const auto index = state.tuned.index->current();
    const auto& folder = index->folder();
    int64_t limit = kListed, begin = 0;
    std::string where;
    for (const auto& [name, value] : call.request->query) {
      if (name == "limit") {
        limit = whole_number(value, "limit", 1, kMostListed);
      } else if (name == "where") {
        where = value;
      } else if (name == "after") {
        const auto item = folder.find(value);
        if (!item) throw RequestError(404, "after: the index has no item \"" + shown(value) + "\"");
        begin = item->row + 1;
      } else {
        throw RequestError(400, shown(name) + " is not known; expected limit, after or where");
      }
    }
    // One more says whether others follow.
    auto items = folder.items(rows_from(folder, begin, limit + 1, where));
    const bool more = static_cast<int64_t>(items.size()) > limit;
    if (more) items.pop_back();
    auto lines = json::array();
    for (const auto& stored : items) lines.push_back(item_text(stored.item));
    respond(json_response({{"items", lines}, {"next", more ? json(items.back().item.id) : json()}}));
  });
}

}  // namespace

std::vector<Route> item_list_routes(ServeState& state) {
  const json operation = {
      {"description",
       "In the order in which they were added. next is the id to give as after for those that "
       "follow; null behind the last."},
      {"parameters",
       {query_parameter("limit", "integer", "How many at most: 1 to 1000 (100)."),
        query_parameter("after", "string", "The id of the item before the first one."),
        query_parameter("where", "string", "A condition over the columns, such as year >= 2010.")}},
      {"responses",
       {{"200",
         {{"description", "The items."},
          {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/ItemList"}}}}}}}}},
        {"400", {{"description", "The request cannot be done; the error says what is wrong."}}},
        {"404", {{"description", "The index has no item of the id that after names."}}}}}};
  return {{"GET", "/items", "The items of the index.", operation,
           [&state](const Call& call, const Respond& respond) { list_items(state, call, respond); }}};
}

}  // namespace kindred::host
