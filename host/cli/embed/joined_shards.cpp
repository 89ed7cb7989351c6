#include "host/cli/embed/joined_shards.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/base/text.hpp"
#include "host/cli/embed/embedding_output.hpp"
#include "host/cli/embed/shard_record.hpp"
#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int64_t kLinesAtOnce = 16384;
constexpr size_t kMostShardsNamed = 8;

struct FoundShard {
  std::string array;
  ShardRecord record;
};

/// How many shards an array was cut into, by the names of the files beside it: each number that is seen.
std::set<int64_t> counts_beside(const fs::path& array) {
  std::set<int64_t> counts;
  const auto folder = array.has_parent_path() ? array.parent_path() : fs::path(".");
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    auto name = entry.path().filename();
    if (name.extension() != ".json") continue;
    name.replace_extension(".npy");
    const auto shard = shard_in_name(name.string());
    if (shard && name_of_shard(array.filename().string(), *shard) == name.string())
      counts.insert(shard->count);
  }
  return counts;
}

int64_t count_beside(const fs::path& array) {
  const auto counts = counts_beside(array);
  if (counts.empty()) {
    throw Error(
        fmt::format("no shard of {} is complete: expected {} and so on, as host embed --shard 1/2 --output "
                    "{} writes them",
                    array.string(), name_of_shard(array.string(), {0, 2}), array.string()));
  }
  if (counts.size() > 1) {
    throw Error(fmt::format("beside {} lie shards of {} and of {}; remove those that shall not be joined",
                            array.string(), *counts.begin(), *counts.rbegin()));
  }
  return *counts.begin();
}

/// The first of two shards that does not go with the one before it, told as an error.
void check_neighbours(const FoundShard& before, const FoundShard& shard) {
  const auto& a = before.record.identity;
  const auto& b = shard.record.identity;
  if (!is_of_same_work(a, b)) {
    throw Error(fmt::format(
        "{} is of another model, of other inputs or of another --batch-size or --mirror than {}: make one of "
        "them anew",
        shard.array, before.array));
  }
  if (a.share->end != b.share->first) {
    throw Error(
        fmt::format("{} ends at input {} and {} begins at input {}, since files were changed between "
                    "them: make all shards anew, which leaves those as they are that are still right",
                    before.array, a.share->end, shard.array, b.share->first));
  }
}

std::vector<FoundShard> found_shards(const std::string& array) {
  const auto count = count_beside(array);
  std::vector<FoundShard> found;
  std::vector<std::string> missing;
  for (int64_t i = 0; i < count; ++i) {
    const ShardChoice shard{i, count};
    auto name = name_of_shard(array, shard);
    if (auto record = read_shard_record(name)) {
      found.push_back({std::move(name), std::move(*record)});
    } else {
      missing.push_back(fmt::format("--shard {} ({})", text_of(shard), name));
    }
  }
  if (!missing.empty()) {
    const auto all = missing.size();
    missing.resize(std::min(all, kMostShardsNamed));
    throw Error(fmt::format("{} of {} shards of {} {} not complete: {}{}; run host embed for {} again", all,
                            count, array, all == 1 ? "is" : "are", joined(missing),
                            all > missing.size() ? " and others" : "", all == 1 ? "it" : "them"));
  }
  for (size_t i = 1; i < found.size(); ++i) check_neighbours(found[i - 1], found[i]);
  return found;
}

/// Appends a shard's rows and lines to an array, with the numbers that its rows have there.
class ShardCopy {
 public:
  ShardCopy(const FoundShard& shard, EmbeddingOutput& out)
      : shard_(shard), out_(out), first_row_(out.position().rows) {
    const auto& [identity, position, last_lines] = shard.record;
    if (position.rows == 0) return;
    rows_ = map_npy(shard.array);
    if (rows_.dim() == 2 && rows_.size(0) == position.rows && rows_.size(1) == identity.dimension &&
        rows_.scalar_type() == at::kFloat)
      return;
    throw Error(
        fmt::format("{} does not hold the {} rows of {} numbers that {} promises; remove both and make "
                    "the shard anew",
                    shard.array, position.rows, identity.dimension, record_file(shard.array)));
  }

  /// Appends all but the last lines, which it returns.
  std::vector<json> copy(Context& context) {
    const auto file = fs::path(shard_.array).replace_extension(".jsonl").string();
    std::ifstream list(file);
    std::string line;
    const auto next = [&] {
      if (std::getline(list, line)) return json::parse(line);
      throw Error(fmt::format("{} is shorter than {} promises; remove both and make the shard anew", file,
                              record_file(shard_.array)));
    };
    const auto count = shard_.record.position.inputs;
    for (int64_t first = 0; first < count; first += kLinesAtOnce) {
      if (context.interrupted()) throw Interrupted("while shards were joined; they are as they were");
      std::vector<json> lines;
      for (auto i = first; i < std::min(first + kLinesAtOnce, count); ++i) lines.push_back(next());
      append(lines);
    }
    std::vector<json> last;
    for (int64_t i = 0; i < shard_.record.last_lines; ++i) last.push_back(next());
    return last;
  }

 private:
  void append(std::vector<json>& lines) {
    auto position = out_.position();
    const auto before = position.rows;
    for (auto& line : lines) {
      ++position.inputs;
      if (line.at("row").is_null()) {
        ++position.failed;
      } else {
        line["row"] = position.rows++;
      }
    }
    if (position.rows - first_row_ > shard_.record.position.rows)
      throw Error(shard_.array + " has fewer rows than its list says; make the shard anew");
    const auto dimension = shard_.record.identity.dimension;
    out_.append(rows_.defined() ? rows_.slice(0, before - first_row_, position.rows - first_row_)
                                : at::empty({0, dimension}, at::kFloat),
                lines, position);
  }

  const FoundShard& shard_;
  EmbeddingOutput& out_;
  const int64_t first_row_;
  at::Tensor rows_;
};

}  // namespace

JoinedShards join_shards(const std::string& array, Context& context) {
  const auto shards = found_shards(array);
  int64_t rows = 0;
  for (const auto& shard : shards) rows += shard.record.position.rows;
  const auto& identity = shards.front().record.identity;
  EmbeddingOutput out(array, false, context);
  out.begin({identity.model, "shards", "", identity.dimension}, rows);
  Progress progress("joining", "shards", static_cast<int64_t>(shards.size()), context);
  std::vector<json> last;
  int64_t done = 0;
  for (const auto& shard : shards) {
    for (auto& line : ShardCopy(shard, out).copy(context)) last.push_back(std::move(line));
    progress.update(++done);
  }
  out.finish(last);
  return {static_cast<int64_t>(shards.size()), rows, identity.dimension,
          out.position().failed + static_cast<int64_t>(last.size())};
}

}  // namespace kindred::host
