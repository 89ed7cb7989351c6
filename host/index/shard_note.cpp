#include "host/index/shard_note.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "host/base/text.hpp"
#include "host/base/text_forms/shard_ending.hpp"
#include "host/index/build_note.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr size_t kMostShardsListed = 8;

/// The folder in which another shard lies, where this one has the name that a build gives it; else "2/4".
std::string other_shard(const std::string& folder, const ShardNote& note, int64_t index) {
  auto path = fs::path(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const auto name = path.string(), ending = shard_ending(note.index + 1, note.count);
  const bool is_named =
      name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
  return is_named ? name.substr(0, name.size() - ending.size()) + shard_ending(index + 1, note.count)
                  : fmt::format("{}/{}", index + 1, note.count);
}

/// Shards of one build.
struct ShardGroup {
  std::string folder;  ///< of one of them
  ShardNote note;      ///< of the same
  std::map<int64_t, ShardNote> there{};
};

/// Files that grew or shrank between two shards move the cuts.
void check_neighbours(const ShardGroup& group) {
  for (int64_t i = 1; i < group.note.count; ++i) {
    if (group.there.at(i - 1).end == group.there.at(i).first) continue;
    throw Error(fmt::format(
        "{} and {} do not meet, since files changed between the two; remove both and build them again",
        other_shard(group.folder, group.note, i - 1), other_shard(group.folder, group.note, i)));
  }
}

void check_group(const ShardGroup& group, const std::string& way_out) {
  std::vector<std::string> missing;
  for (int64_t i = 0; i < group.note.count; ++i) {
    if (group.there.count(i) == 0) missing.push_back(other_shard(group.folder, group.note, i));
  }
  if (missing.empty()) return check_neighbours(group);
  const auto all = missing.size();
  missing.resize(std::min(all, kMostShardsListed));
  throw Error(fmt::format("{} is one of {} shards of a build, and {} of them {} not given: {}{}; {}",
                          group.folder, group.note.count, all, all == 1 ? "is" : "are", joined(missing),
                          all > missing.size() ? " and others" : "", way_out));
}

}  // namespace

json to_json(const ShardNote& note) {
  return {{"index", note.index},   {"count", note.count}, {"whole", note.whole},
          {"inputs", note.inputs}, {"first", note.first}, {"end", note.end}};
}

std::optional<ShardNote> shard_note_from(const json& note) {
  if (!note.is_object()) return std::nullopt;
  return ShardNote{note.value("index", int64_t{0}), note.value("count", int64_t{1}),
                   note.value("whole", ""),         note.value("inputs", ""),
                   note.value("first", int64_t{0}), note.value("end", int64_t{0})};
}

void check_nothing_is_missing(const std::vector<std::shared_ptr<IndexFolder>>& indexes,
                              const std::string& way_out) {
  std::map<std::pair<std::string, int64_t>, ShardGroup> groups;
  for (const auto& index : indexes) {
    if (index->note(kBuildNote) == true) {
      throw Error(fmt::format("the build of {} did not end; give its host index build command again, or {}",
                              index->path(), way_out));
    }
    const auto note = shard_note_from(index->note(kShardNote));
    if (!note) continue;
    const auto found = groups.try_emplace({note->whole, note->count}, ShardGroup{index->path(), *note}).first;
    found->second.there.emplace(note->index, *note);
  }
  for (const auto& [key, group] : groups) check_group(group, "give them, too, or " + way_out);
}

std::vector<std::shared_ptr<IndexFolder>> in_order_of_shards(
    std::vector<std::shared_ptr<IndexFolder>> indexes) {
  std::vector<std::pair<int64_t, std::shared_ptr<IndexFolder>>> places;
  for (auto& index : indexes) {
    const auto note = shard_note_from(index->note(kShardNote));
    places.emplace_back(note ? note->index : INT64_MAX, std::move(index));
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(places.begin(), places.end(), indexes.begin(), [](auto& place) { return place.second; });
  return indexes;
}

}  // namespace kindred::host
