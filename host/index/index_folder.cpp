#include "host/index/index_folder.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/index/thumbnail_table.hpp"
#include "host/index/where.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int kTries = 20;  // a writer would have to replace files that often while they are opened

std::string metadata_path(const std::string& folder) { return (fs::path(folder) / kMetadataFile).string(); }

uintmax_t size_of(const fs::path& path) {
  std::error_code unknown;
  const auto size = fs::file_size(path, unknown);
  return unknown ? 0 : size;
}

}  // namespace

IndexFolder::IndexFolder(std::string path, const IndexSpace& promised)
    : path_(std::move(path)),
      promised_(promised),
      database_(std::make_unique<Database>(metadata_path(path_), Database::Use::read)) {
  ItemTable(*database_).check_version();
  read();
}

std::shared_ptr<IndexFolder> IndexFolder::open(const std::string& folder) {
  return std::shared_ptr<IndexFolder>(new IndexFolder(folder, read_manifest(folder)));
}

/// A writer may put several files into one between the look at their names and opening them.
void IndexFolder::read() {
  for (int i = 0;; ++i) {
    {
      Transaction reading(*database_, Transaction::Use::read);
      state_ = read_state(*database_);
    }
    try {
      space_ = space_now(promised_, state_);
      rows_ = std::make_shared<RowStore>(path_, state_.segments, space_.dimension, space_.precision);
      transform_ = row_transform_of(path_, promised_, state_);
      return;
    } catch (const Error&) {
      if (i == kTries || is_current()) throw;
    }
  }
}

void IndexFolder::check_generation(ItemTable& table) const {
  const auto facts = table.fact("state");
  if (!facts.is_object() || facts.value("generation", int64_t{0}) != state_.generation)
    throw Error(fmt::format("the index {} was compacted since it was opened; open it again", path_));
}

template <class Action>
auto IndexFolder::reading(Action&& action) const {
  const std::lock_guard<std::mutex> one(access_);
  Transaction reading(*database_, Transaction::Use::read);
  ItemTable table(*database_);
  check_generation(table);
  return action(table);
}

bool IndexFolder::is_current() const {
  const std::lock_guard<std::mutex> one(access_);
  const auto facts = ItemTable(*database_).fact("state");
  return facts.is_object() && facts.value("commits", int64_t{-1}) == state_.commits;
}

/// A search asks for it each time, and it changes with commits alone.
at::Tensor IndexFolder::live() const {
  return reading([&](ItemTable& table) {
    const auto commits = table.fact("state").value("commits", int64_t{0});
    if (commits == live_commits_) return live_;
    at::Tensor mask;
    if (table.removed() > 0) {
      mask = at::ones({size()}, at::kBool);
      table.clear_removed(mask);
    }
    live_ = mask;
    live_commits_ = commits;
    return mask;
  });
}

at::Tensor IndexFolder::live_rows() const {
  const auto mask = live();
  return mask.defined() ? mask.nonzero().squeeze(1) : at::arange(size(), at::kLong);
}

at::Tensor IndexFolder::select(const std::string& where) const {
  const auto names = columns();
  Database database(metadata_path(path_), Database::Use::read);
  Transaction reading(database, Transaction::Use::read);
  ItemTable table(database);
  check_generation(table);
  auto mask = at::zeros({size()}, at::kBool);
  select_where(database, where, names, mask);
  return mask;
}

json IndexFolder::note(const std::string& name) const {
  return reading([&](ItemTable& table) { return table.fact(note_name(name)); });
}

std::optional<StoredItem> IndexFolder::find(const std::string& id) const {
  auto found = reading([&](ItemTable& table) { return table.find(id); });
  if (found && found->row >= size()) return std::nullopt;  // added since
  return found;
}

std::vector<StoredItem> IndexFolder::items(const std::vector<int64_t>& rows) const {
  return reading([&](ItemTable& table) { return table.items(rows); });
}

std::vector<StoredItem> IndexFolder::live_items(int64_t begin, int64_t end) const {
  return reading([&](ItemTable& table) { return table.live_items(begin, std::min(end, size())); });
}

std::string IndexFolder::thumbnail(int64_t row) const {
  return reading([&](ItemTable&) { return ThumbnailTable(*database_).of(row); });
}

std::vector<std::string> IndexFolder::columns() const {
  const std::lock_guard<std::mutex> one(access_);
  return ItemTable(*database_).columns();
}

std::vector<ItemColumn> IndexFolder::extra_column_kinds() const {
  return reading([](ItemTable& table) { return table.extra_column_kinds(); });
}

json IndexFolder::info() const {
  const auto thumbnails = reading([&](ItemTable&) -> json {
    ThumbnailTable table(*database_);
    return {{"count", table.count()}, {"bytes", table.bytes()}};
  });
  uintmax_t row_bytes = 0, component_bytes = 0;
  for (const auto& segment : state_.segments) row_bytes += size_of(fs::path(path_) / segment.file);
  const auto& component = state_.component;
  for (const auto& file : component.files)
    component_bytes += size_of(fs::path(path_) / component.folder / file.name);
  return {{"folder", path_},
          {"model", {{"name", space_.model_name}, {"fingerprint", space_.model_fingerprint}}},
          {"dimension", space_.dimension},
          {"embedding",
           {{"dimension", space_.embedding_dimension()},
            {"cut", space_.change.cut},
            {"whiten", space_.change.whiten},
            {"mirror", space_.change.mirror},
            {"whitened_by_rows", state_.whitening.rows},
            {"text", change_text(space_)}}},
          {"distance", distance_title(space_.distance)},
          {"unit_length", space_.unit_length()},
          {"precision", precision_name(space_.precision)},
          {"items", state_.rows - state_.removed},
          {"rows", state_.rows},
          {"removed", state_.removed},
          {"columns", columns()},
          {"thumbnails", thumbnails},
          {"segments", state_.segments.size()},
          {"index",
           {{"id", component.id},
            {"version", component.version},
            {"params", component.params},
            {"oversample", component.oversample},
            {"covered_rows", component.covered}}},
          {"bytes",
           {{"rows", row_bytes}, {"metadata", size_of(metadata_path(path_))}, {"index", component_bytes}}}};
}

}  // namespace kindred::host
