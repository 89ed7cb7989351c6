#include "host/cli/search/search_queries.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "host/base/clock.hpp"
#include "host/base/text.hpp"
#include "host/cli/index/index_encoder.hpp"
#include "host/inference/encode_inputs.hpp"
#include "host/item_search/query_mix.hpp"
#include "host/model/device.hpp"
#include "host/model/model_fingerprint.hpp"
#include "host/model/servable.hpp"
#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

std::vector<SearchQuery> SearchQueries::all() {
  auto inputs = command_.list("QUERY");
  const auto negatives = command_.list("not-like");
  const auto given = inputs.size();
  inputs.insert(inputs.end(), negatives.begin(), negatives.end());
  auto queries = encoded(inputs);
  const std::vector<SearchQuery> unlike(queries.begin() + static_cast<int64_t>(given), queries.end());
  queries.resize(given);
  for (auto& one : of_ids()) queries.push_back(std::move(one));
  for (auto& one : of_arrays()) queries.push_back(std::move(one));
  if (queries.empty())
    throw UsageError("there is no query; give a picture or a text, --id ID, or --embeddings FILE.npy");
  const auto& space = index_.space();
  if (command_.has("combine")) queries = {mixed_query(space, {queries.begin(), queries.end()}, {})};
  if (!unlike.empty()) {
    for (auto& one : queries) one = mixed_query(space, {one}, unlike);
  }
  return queries;
}

void SearchQueries::load_model() {
  const auto before = now_seconds();
  std::string folder;
  if (command_.has("model")) {
    folder = model_folder(command_.get<std::string>("model"));
  } else {
    const auto noted = index_.note(kModelNote);
    folder = noted_model(noted);
    if (folder.empty()) {
      throw Error(
          fmt::format("the model \"{}\" of the index {} is not where it was when the index was built{}; give "
                      "--model DIR",
                      index_.space().model_name, index_.path(),
                      noted.is_string() ? " (" + noted.get<std::string>() + ")" : ""));
    }
  }
  auto model =
      InferenceModel::load(folder, catalog_, device_from_name(command_.get<std::string>("device")), {});
  check_model(index_.path(), index_.space(), model.manifest().value("name", ""), model_fingerprint(folder));
  if (model.fields().size() > 1) {
    throw UsageError(
        "the model of the index reads records of several fields; search by --id, or by rows that "
        "host embed gave, with --embeddings");
  }
  if (model.fields().front().kind == ObjectKind::image) decoders_ = Decoders(catalog_);
  model_.emplace(std::move(model));
  model_seconds_ = now_seconds() - before;
}

std::vector<SearchQuery> SearchQueries::encoded(const std::vector<std::string>& inputs) {
  if (inputs.empty()) return {};
  load_model();
  const auto before = now_seconds();
  const bool reads_texts = model_->fields().front().kind == ObjectKind::text;
  const bool reads_images = model_->fields().front().kind == ObjectKind::image;
  std::vector<Input> objects;
  std::vector<SearchQuery> queries;
  for (const auto& input : inputs) {
    const bool is_text = reads_texts && !fs::exists(input);
    objects.push_back(is_text ? Input::text(input) : Input::file(input));
    queries.push_back({input, reads_images ? input : "", {}});
  }
  InferenceModel::Pass pass;
  pass.and_mirror = index_.space().change.mirror;
  const auto encoded = encode_inputs(*model_, decoders_, objects, pass);
  if (!encoded.errors.empty()) throw Error(encoded.errors.front().message);
  const auto rows = index_.as_rows(encoded.rows);
  for (size_t i = 0; i < queries.size(); ++i) queries[i].row = rows[static_cast<int64_t>(i)];
  encode_seconds_ = now_seconds() - before;
  return queries;
}

std::vector<SearchQuery> SearchQueries::of_ids() const {
  std::vector<SearchQuery> queries;
  for (const auto& id : command_.list("id")) {
    auto query = query_of_item(index_, id);
    if (!query) throw Error("the index " + shown(index_.path()) + " has no item \"" + shown(id) + "\"");
    queries.push_back(std::move(*query));
  }
  return queries;
}

std::vector<SearchQuery> SearchQueries::of_arrays() const {
  std::vector<SearchQuery> queries;
  for (const auto& path : command_.list("embeddings")) {
    auto rows = map_npy(path);
    if (rows.dim() == 1) rows = rows.unsqueeze(0);
    if (rows.dim() != 2 || rows.size(1) != index_.space().embedding_dimension() ||
        !at::isFloatingType(rows.scalar_type())) {
      std::ostringstream shape;
      shape << rows.sizes();
      throw Error(
          fmt::format("{} holds {}; expected rows of {} numbers, as host embed writes them with the model of "
                      "the index",
                      path, shape.str(), index_.space().embedding_dimension()));
    }
    rows = index_.as_rows(rows.to(at::kFloat));
    for (int64_t i = 0; i < rows.size(0); ++i)
      queries.push_back({fmt::format("{}#{}", path, i), "", rows[i]});
  }
  return queries;
}

}  // namespace kindred::host
