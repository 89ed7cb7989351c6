#include "host/cli/embed/input_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "host/base/content_hash.hpp"
#include "host/base/text_forms/shard_ending.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

int64_t bytes_of_file(const std::string& file) {
  std::error_code unknown;
  const auto bytes = fs::is_regular_file(file, unknown) ? fs::file_size(file, unknown) : 0;
  return unknown ? 0 : static_cast<int64_t>(bytes);
}

/// Where shard `number` begins, without the product of sum and number, which could overflow.
int64_t border_of(int64_t sum, int64_t number, int64_t count) {
  return sum / count * number + sum % count * number / count;
}

}  // namespace

bool operator==(const InputShare& a, const InputShare& b) {
  return a.shard.index == b.shard.index && a.shard.count == b.shard.count && a.first == b.first &&
         a.end == b.end && a.all == b.all && a.whole == b.whole;
}

PieceRange pieces_of_shard(const std::vector<int64_t>& weights, const ShardChoice& shard) {
  int64_t sum = 0;
  for (const auto weight : weights) sum += weight;
  const auto begins = border_of(sum, shard.index, shard.count);
  const auto ends = border_of(sum, shard.index + 1, shard.count);
  PieceRange range;
  int64_t before = 0;
  for (const auto weight : weights) {
    const auto middle = before + weight / 2;
    if (middle < begins) ++range.first;
    if (middle < ends) ++range.end;
    before += weight;
  }
  if (shard.index + 1 == shard.count) range.end = weights.size();
  range.end = std::max(range.end, range.first);
  return range;
}

void InputCut::add(int64_t bytes) {
  if (count_++ % batch_size_ == 0) weights_.push_back(0);
  weights_.back() += bytes + 1;  // where nothing is a file the numbers of inputs are equal
}

InputShare InputCut::share_of(const ShardChoice& shard, const std::string& names) const {
  const auto batches = pieces_of_shard(weights_, shard);
  const auto inputs = [&](size_t batch) {
    return std::min(static_cast<int64_t>(batch) * batch_size_, count_);
  };
  return {shard, inputs(batches.first), inputs(batches.end), count_,
          fmt::format("{} in batches of {}", names, batch_size_)};
}

std::string hash_of_names(const std::vector<std::string>& names) {
  ContentHash hash;
  for (const auto& name : names) hash.add(fmt::format("{} {}\n", name.size(), name));
  return hash.hex();
}

InputShare share_of_files(const std::vector<std::string>& files, int64_t batch_size,
                          const ShardChoice& shard) {
  InputCut cut(batch_size);
  for (const auto& file : files) cut.add(bytes_of_file(file));
  return cut.share_of(shard, hash_of_names(files));
}

InputShare share_of_samples(const Dataset& dataset, int64_t batch_size, const ShardChoice& shard) {
  std::map<std::string, int64_t> sizes;  // one file may hold many samples
  const auto bytes_of = [&](const StoredObject& place) -> int64_t {
    if (place.file.empty()) return 0;
    if (place.bytes >= 0) return place.bytes;
    const auto [known, is_new] = sizes.try_emplace(place.file, 0);
    if (is_new) known->second = bytes_of_file(place.file);
    return std::max<int64_t>(known->second - place.offset, 0);
  };
  const auto fields = dataset.fields().size();
  InputCut cut(batch_size);
  for (int64_t sample = 0; sample < dataset.size(); ++sample) {
    int64_t bytes = 0;
    for (size_t field = 0; field < fields; ++field) bytes += bytes_of(dataset.stored(sample, field));
    cut.add(bytes);
  }
  return cut.share_of(shard, hash_of_names({dataset.fingerprint()}));
}

std::string name_of_shard(const std::string& output, const ShardChoice& shard) {
  auto path = fs::path(output);
  if (!path.has_filename()) path = path.parent_path();  // cars.index/
  const auto end = path.extension() == ".npy" ? path.extension().string() : "";
  if (!end.empty()) path.replace_extension();
  return path.string() + shard_ending(shard.index + 1, shard.count) + end;
}

}  // namespace kindred::host
