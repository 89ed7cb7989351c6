#include "kindred/search/search_index.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <mutex>

#include "host/contracts/contracts.hpp"
#include "host/index/model_note.hpp"
#include "host/item_search/item_search.hpp"
#include "host/loader/as_error.hpp"
#include "host/loader/library_plugins.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred {
using host::as_error;
namespace {

/// Throws Error where no plugin has the component.
std::shared_ptr<Index> make_component(const host::Catalog& catalog, const host::IndexComponent& what) {
  const auto* info = catalog.find(Index::kKind, what.id);
  if (info == nullptr) {
    throw Error(
        fmt::format("the index needs the component {} {}, which no plugin here has; name the folder of "
                    "its plugin in KINDRED_PLUGIN_PATH or plugin_folders{}",
                    what.id, what.version, host::refused_plugins(catalog)));
  }
  return host::create_under_contract<Index>(catalog, *info, what.params);
}

IndexCard card_of(const host::IndexFolder& folder) {
  const auto& space = folder.space();
  IndexCard card;
  card.items = folder.live_rows().numel();
  card.dimension = space.embedding_dimension();
  card.distance = host::distance_title(space.distance);
  card.model_name = space.model_name;
  card.model_fingerprint = space.model_fingerprint;
  card.model_folder = host::noted_model(folder.note(host::kModelNote));
  card.and_mirror = space.change.mirror;
  card.columns = folder.columns();
  return card;
}

host::SearchWish wish_of(const IndexWish& wish) {
  if (wish.k < 1) throw Error("k is " + std::to_string(wish.k) + "; it must be at least 1");
  host::RefinementTexts texts;
  texts.rerank = wish.rerank;
  return {wish.k, wish.where, wish.group_by, wish.exact, host::read_refinements(texts)};
}

std::vector<IndexNeighbour> neighbours_of(host::SearchResult result) {
  std::vector<IndexNeighbour> neighbours;
  for (auto& [distance, stored] : result.found) {
    auto& item = stored.item;
    neighbours.push_back({std::move(item.id), std::move(item.path), std::move(item.class_name), item.label,
                          distance, json_text(item.columns)});
  }
  return neighbours;
}

}  // namespace

struct __attribute__((visibility("hidden"))) SearchIndex::Impl {
  host::LiveIndex index;
  IndexCard card;
};

SearchIndex::SearchIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SearchIndex::SearchIndex(SearchIndex&&) noexcept = default;
SearchIndex& SearchIndex::operator=(SearchIndex&&) noexcept = default;
SearchIndex::~SearchIndex() = default;

SearchIndex SearchIndex::open(const std::string& folder, const std::vector<std::string>& plugin_folders) {
  static std::mutex loading;  // plugins are registered by one thread of this library at a time
  const std::lock_guard<std::mutex> one_at_a_time(loading);
  return as_error([&] {
    const auto opened = host::IndexFolder::open(folder);
    const auto catalog = host::load_library_plugins(plugin_folders, KINDRED_PLUGINS_BESIDE);
    host::LiveIndex index(opened,
                          [&](const host::IndexComponent& what) { return make_component(catalog, what); });
    return SearchIndex(std::unique_ptr<Impl>(new Impl{std::move(index), card_of(*opened)}));
  });
}

std::vector<std::vector<IndexNeighbour>> SearchIndex::search(const std::vector<float>& embeddings,
                                                             const IndexWish& wish) const {
  return as_error([&] {
    const auto& folder = impl_->index.folder();
    const auto dimension = card().dimension;
    const auto numbers = static_cast<int64_t>(embeddings.size());
    if (numbers % dimension != 0) {
      throw Error(fmt::format("{} numbers are no embeddings of {} each, which the index {} is searched with",
                              numbers, dimension, shown(folder.path())));
    }
    std::vector<std::vector<IndexNeighbour>> found;
    if (numbers == 0) return found;
    const auto rows = folder.as_rows(at::tensor(embeddings, at::kFloat).view({-1, dimension}));
    std::vector<host::SearchQuery> queries;
    for (int64_t i = 0; i < rows.size(0); ++i)
      queries.push_back({fmt::format("query {}", i), "", rows[i], {}});
    for (auto& result : host::search_all(impl_->index, std::move(queries), wish_of(wish)))
      found.push_back(neighbours_of(std::move(result)));
    return found;
  });
}

std::vector<IndexNeighbour> SearchIndex::like(const std::string& id, const IndexWish& wish) const {
  return as_error([&] {
    const auto& folder = impl_->index.folder();
    auto query = host::query_of_item(folder, id);
    if (!query) throw Error("the index " + shown(folder.path()) + " has no item \"" + shown(id) + "\"");
    return neighbours_of(
        std::move(host::search_all(impl_->index, {std::move(*query)}, wish_of(wish)).front()));
  });
}

const IndexCard& SearchIndex::card() const { return impl_->card; }

bool SearchIndex::is_current() const {
  return as_error([&] { return impl_->index.folder().is_current(); });
}

}  // namespace kindred
