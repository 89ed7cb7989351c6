#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "host/base/content_hash.hpp"
#include "host/base/exit_code.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/base/text.hpp"
#include "host/base/text_forms/csv_line.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/embed/input_files.hpp"
#include "host/cli/search/search_text.hpp"
#include "host/index/manifest.hpp"
#include "host/inference/encode_inputs.hpp"
#include "host/model/device.hpp"
#include "host/model/search_traits.hpp"
#include "host/model/servable.hpp"
#include "host/refinement/duplicate_groups.hpp"
#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// What duplicates are looked for among.
struct Collection {
  std::vector<StoredItem> items;
  std::shared_ptr<const StoredRows> rows;  ///< one per item; null where no model was given
  Distance distance = Distance::cosine;
  std::vector<std::string> content;            ///< a hash of each item's file; "" where there is none
  std::shared_ptr<const IndexFolder> index{};  ///< null where it is of files
};

/// Throws Error where the items of an index have no such column.
void check_across(const IndexFolder& index, const std::string& column) {
  auto names = index.columns();
  const auto is_of_file = [](const std::string& name) {
    return name == "row" || name.rfind("file_", 0) == 0;
  };
  names.erase(std::remove_if(names.begin(), names.end(), is_of_file), names.end());
  if (column == "class" || std::find(names.begin(), names.end(), column) != names.end()) return;
  throw Error(fmt::format("--across: the items of the index {} have no column \"{}\"; their columns are {}{}",
                          shown(index.path()), shown(column), shown(joined(names)),
                          column == "split" ? ". `host index build --data` makes the column split, where the "
                                              "pipeline tells the sides of its split"
                                            : ""));
}

Collection of_index(const std::string& path, const std::string& across) {
  const auto index = IndexFolder::open(path);
  if (!across.empty()) check_across(*index, across);
  Collection out;
  out.index = index;
  out.items = index->live_items(0, index->size());
  out.distance = index->space().distance;
  auto places = at::empty({static_cast<int64_t>(out.items.size())}, at::kLong);
  for (size_t i = 0; i < out.items.size(); ++i) {
    places.data_ptr<int64_t>()[i] = out.items[i].row;
    out.content.push_back(out.items[i].item.file.hash);
  }
  out.rows = std::make_shared<ChosenRows>(index->rows(), places);
  return out;
}

/// Files are hashed; with a model they are embedded, too. What cannot be read is left out with a warning.
Collection of_files(const CommandLine& command, const Catalog& catalog) {
  constexpr size_t kAtOnce = 256;
  Collection out;
  std::optional<InferenceModel> model;
  if (command.has("model")) {
    model.emplace(InferenceModel::load(model_folder(command.get<std::string>("model")), catalog,
                                       device_from_name(command.get<std::string>("device")), {}));
    if (model->fields().size() > 1) throw UsageError("the model reads records; give an index of them");
    out.distance = distance_from_name(search_traits(model->manifest()).distance);
  }
  const auto kind = model ? model->fields().front().kind : ObjectKind::image;
  const Decoders decoders(catalog);
  const auto files = expand_paths(command.list("SOURCES"), kind, decoders, command.context());
  Progress progress("reading", "files", static_cast<int64_t>(files.size()), command.context());
  std::vector<at::Tensor> rows;
  for (size_t first = 0; first < files.size(); first += kAtOnce) {
    if (command.context().interrupted()) throw Interrupted("while reading files");
    std::vector<Input> inputs;
    const auto end = std::min(first + kAtOnce, files.size());
    for (size_t i = first; i < end; ++i) inputs.push_back(Input::file(files[i]));
    std::set<size_t> failed;
    at::Tensor encoded;
    if (model) {
      auto part = encode_inputs(*model, decoders, inputs);
      encoded = part.rows;
      for (const auto& error : part.errors) {
        command.context().warning(error.message);
        failed.insert(error.index);
      }
    }
    for (size_t i = first; i < end; ++i) {
      if (failed.count(i - first) > 0) continue;
      Item item;
      item.id = item.path = files[i];
      out.content.push_back(hash_of_file(files[i]));
      if (model) rows.push_back(encoded[static_cast<int64_t>(i - first)]);
      out.items.push_back({static_cast<int64_t>(out.items.size()), std::move(item)});
    }
    progress.update(static_cast<int64_t>(end));
  }
  if (!rows.empty()) out.rows = std::make_shared<TensorRows>(at::stack(rows));
  return out;
}

/// Leaves groups whose items differ in a column, such as the side of a split.
void keep_across(std::vector<DuplicateGroup>& groups, const Collection& collection,
                 const std::string& column) {
  const auto value = [&](int64_t row) {
    return value_in(collection.items[static_cast<size_t>(row)].item, column);
  };
  const auto is_alike = [&](const DuplicateGroup& group) {
    return std::all_of(group.rows.begin(), group.rows.end(),
                       [&](int64_t row) { return value(row) == value(group.rows.front()); });
  };
  groups.erase(std::remove_if(groups.begin(), groups.end(), is_alike), groups.end());
}

/// Each group as what was found for a query, so that it is shown in the same way. The distance of an item is
/// that to the nearest other one of its group.
std::vector<SearchResult> shown_groups(const std::vector<DuplicateGroup>& groups,
                                       const Collection& collection) {
  std::vector<SearchResult> out;
  for (const auto& group : groups) {
    std::map<int64_t, float> nearest;
    for (const auto& pair : group.pairs) {
      for (const auto row : {pair.a, pair.b}) {
        const auto place = nearest.emplace(row, pair.distance).first;
        place->second = std::min(place->second, pair.distance);
      }
    }
    SearchResult result;
    result.query.name = fmt::format("group {}: {} items, {}", out.size() + 1, group.rows.size(),
                                    group.is_exact ? "equal to the last byte" : "nearly the same");
    for (const auto row : group.rows)
      result.found.push_back({nearest[row], collection.items[static_cast<size_t>(row)]});
    out.push_back(std::move(result));
  }
  return out;
}

json groups_json(const std::vector<DuplicateGroup>& groups, const std::vector<SearchResult>& shown_as) {
  auto found = to_json(shown_as);
  auto out = json::array();
  for (size_t i = 0; i < groups.size(); ++i) {
    out.push_back({{"exact", groups[i].is_exact},
                   {"nearest", groups[i].nearest},
                   {"farthest", groups[i].farthest},
                   {"items", std::move(found[i]["found"])}});
    for (auto& item : out.back()["items"]) item.erase("rank");
  }
  return out;
}

void write_csv(const std::string& path, const std::vector<DuplicateGroup>& groups,
               const std::vector<SearchResult>& shown_as) {
  auto text = csv_line({"group", "exact", "distance", "id", "path", "label", "class_name"});
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const auto& [distance, stored] : shown_as[i].found) {
      const auto& item = stored.item;
      text +=
          csv_line({std::to_string(i + 1), groups[i].is_exact ? "1" : "0", fmt::format("{:.6g}", distance),
                    item.id, item.path, item.label < 0 ? "" : std::to_string(item.label), item.class_name});
    }
  }
  write_file_atomically(path, text);
}

int dedup_command(const CommandLine& command) {
  const auto sources = command.list("SOURCES");
  const auto limit = command.get<double>("limit");
  const bool is_index = sources.size() == 1 && fs::exists(fs::path(sources.front()) / kManifestFile);
  const auto across = command.has("across") ? command.get<std::string>("across") : "";
  if (!across.empty() && !is_index)
    throw UsageError("--across is a column of an index; make one of the files with host index build");
  const auto catalog = !is_index || command.has("html") ? load_catalog(command) : Catalog();
  const auto collection = is_index ? of_index(sources.front(), across) : of_files(command, catalog);
  auto pairs = exact_pairs(collection.content);
  if (collection.rows != nullptr && !command.has("exact")) {
    const auto near = near_pairs(*collection.rows, collection.distance, limit);
    pairs.insert(pairs.end(), near.begin(), near.end());
  }
  auto groups = duplicate_groups(std::move(pairs));
  if (!across.empty()) keep_across(groups, collection, across);
  const auto shown_as = shown_groups(groups, collection);
  if (command.has("csv")) write_csv(command.get<std::string>("csv"), groups, shown_as);
  if (command.has("html")) {
    write_file_atomically(command.get<std::string>("html"),
                          to_html(shown_as, collection.index.get(), Decoders(catalog), "Duplicates"));
  }
  if (command.json()) {
    std::cout << json_text({{"items", collection.items.size()}, {"groups", groups_json(groups, shown_as)}}, 2)
              << "\n";
    return kExitOk;
  }
  std::cout << to_text(shown_as);
  int64_t more = 0;
  for (const auto& group : groups) more += static_cast<int64_t>(group.rows.size()) - 1;
  std::cout << fmt::format(
      "{}{} of {} items are in {} {}; without the others of each there would be {} fewer\n",
      groups.empty() ? "" : "\n", more + static_cast<int64_t>(groups.size()), collection.items.size(),
      groups.size(), groups.size() == 1 ? "group" : "groups", more);
  return kExitOk;
}

const CommandBody kDedup("dedup", &dedup_command);

}  // namespace
}  // namespace kindred::host
