#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "host/base/exit_code.hpp"
#include "host/base/text_forms/csv_line.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/search/search_text.hpp"
#include "host/refinement/outlier_scores.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kShown = 30;  // that are printed and are in the page

/// The labelled items of an index with their nearest others.
struct LabelledItems {
  std::vector<StoredItem> items;
  at::Tensor labels;                     ///< int64 (N)
  Neighbours neighbours;                 ///< (N, k), as places among the items
  std::map<int64_t, std::string> names;  ///< of classes, by label
};

LabelledItems labelled_items(const LiveIndex& index, int64_t k) {
  LabelledItems out;
  for (auto& one : index.folder().live_items(0, index.folder().size())) {
    if (one.item.label >= 0) out.items.push_back(std::move(one));
  }
  const auto count = static_cast<int64_t>(out.items.size());
  if (count < 2)
    throw Error("the index " + shown(index.folder().path()) +
                " has no two items with labels; host index build --data PIPELINE brings them along");
  auto places = at::full({index.folder().size()}, -1, at::kLong);
  auto rows = at::empty({count}, at::kLong);
  out.labels = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    const auto& [row, item] = out.items[static_cast<size_t>(i)];
    places.data_ptr<int64_t>()[row] = i;
    rows.data_ptr<int64_t>()[i] = row;
    out.labels.data_ptr<int64_t>()[i] = item.label;
    if (!item.class_name.empty()) out.names[item.label] = item.class_name;
  }
  constexpr int64_t kAtOnce = 1024;
  const auto labelled = places.ge(0);
  out.neighbours = {at::full({count, k}, -1, at::kLong),
                    at::full({count, k}, std::numeric_limits<float>::infinity(), at::kFloat)};
  for (int64_t first = 0; first < count; first += kAtOnce) {
    const auto asked = rows.slice(0, first, std::min(first + kAtOnce, count));
    const auto found = index.search(index.folder().rows()->gather(asked), k + 1, labelled);
    for (int64_t i = 0; i < asked.numel(); ++i) {
      int64_t kept = 0;
      for (int64_t j = 0; j < k + 1 && kept < k; ++j) {
        const auto row = found.rows.data_ptr<int64_t>()[i * (k + 1) + j];
        if (row < 0 || row == asked.data_ptr<int64_t>()[i]) continue;
        const auto place = (first + i) * k + kept++;
        out.neighbours.rows.data_ptr<int64_t>()[place] = places.data_ptr<int64_t>()[row];
        out.neighbours.distances.data_ptr<float>()[place] =
            std::max(found.distances.data_ptr<float>()[i * (k + 1) + j], 0.0F);  // rounding may leave less
      }
    }
  }
  return out;
}

std::string name_of(const LabelledItems& all, int64_t label) {
  const auto it = all.names.find(label);
  return it == all.names.end() ? std::to_string(label) : it->second;
}

std::vector<SearchResult> shown_outliers(const LabelledItems& all, const std::vector<Outlier>& outliers) {
  std::vector<SearchResult> out;
  for (const auto& one : outliers) {
    if (out.size() == kShown) break;
    const auto& item = all.items[static_cast<size_t>(one.row)].item;
    SearchResult result;
    result.query.file = item.path;
    result.query.itself = {all.items[static_cast<size_t>(one.row)].row};
    result.query.name = fmt::format("{}: labelled {}, its neighbours say {} (score {:.2f})", item.id,
                                    name_of(all, item.label), name_of(all, one.likely), one.score);
    const auto width = all.neighbours.rows.size(1);
    for (int64_t i = 0; i < width; ++i) {
      const auto place = all.neighbours.rows.data_ptr<int64_t>()[one.row * width + i];
      if (place < 0) break;
      result.found.push_back({all.neighbours.distances.data_ptr<float>()[one.row * width + i],
                              all.items[static_cast<size_t>(place)]});
    }
    out.push_back(std::move(result));
  }
  return out;
}

void write_csv(const std::string& path, const LabelledItems& all, const std::vector<Outlier>& outliers) {
  auto text = csv_line(
      {"id", "path", "label", "class_name", "score", "share", "neighbours", "likely", "likely_name"});
  for (const auto& one : outliers) {
    const auto& item = all.items[static_cast<size_t>(one.row)].item;
    text += csv_line({item.id, item.path, std::to_string(item.label), item.class_name,
                      fmt::format("{:.4f}", one.score), fmt::format("{:.4f}", one.share),
                      std::to_string(one.neighbours), std::to_string(one.likely), name_of(all, one.likely)});
  }
  write_file_atomically(path, text);
}

}  // namespace

int show_outliers(const CommandLine& command) {
  const auto given = command.list("ARGUMENTS");
  if (given.size() != 1) throw UsageError("usage: host index outliers INDEX");
  const auto k = command.get<int64_t>("k");
  if (k < 1) throw UsageError("-k must be at least 1");
  const auto catalog = load_catalog(command);
  const LiveIndex index(IndexFolder::open(given.front()), index_maker(catalog));
  const auto all = labelled_items(index, k);
  auto outliers = outlier_scores(all.neighbours.rows, all.neighbours.distances, all.labels);
  const auto agrees = [](const Outlier& one) { return one.score == 0; };
  outliers.erase(std::remove_if(outliers.begin(), outliers.end(), agrees), outliers.end());
  if (command.has("csv")) write_csv(command.get<std::string>("csv"), all, outliers);
  const auto shown_as = shown_outliers(all, outliers);
  if (command.has("html"))
    write_file_atomically(
        command.get<std::string>("html"),
        to_html(shown_as, &index.folder(), Decoders(catalog), "Samples whose neighbours carry other labels"));
  if (command.json()) {
    auto list = json::array();
    for (const auto& one : outliers) {
      const auto& item = all.items[static_cast<size_t>(one.row)].item;
      list.push_back({{"id", item.id},
                      {"path", item.path},
                      {"label", item.label},
                      {"score", one.score},
                      {"share", one.share},
                      {"neighbours", one.neighbours},
                      {"likely", one.likely}});
    }
    std::cout << json_text({{"items", all.items.size()}, {"outliers", std::move(list)}}, 2) << "\n";
    return kExitOk;
  }
  for (const auto& one : shown_as) std::cout << shown(one.query.name) << "\n";
  std::cout << fmt::format(
      "{} of {} labelled items have neighbours with other labels{}\n", outliers.size(), all.items.size(),
      outliers.size() > kShown ? fmt::format(", of which these are the {} worst", kShown) : "");
  return kExitOk;
}

}  // namespace kindred::host
