#include "host/cache/missing_shards.hpp"

#include "host/cache/entry_files.hpp"

namespace kindred::host {

std::vector<int64_t> missing_shards(const CacheEntry& entry) {
  if (entry.earlier_layout || entry.shards < 0) return {};
  std::vector<bool> there(static_cast<size_t>(entry.shards), false);
  for (const auto& name : shard_files_in(entry.folder)) {
    if (name.kind == ShardFile::rows && name.count == entry.shards)
      there[static_cast<size_t>(name.shard)] = true;
  }
  std::vector<int64_t> missing;
  for (size_t shard = 0; shard < there.size(); ++shard) {
    if (!there[shard]) missing.push_back(static_cast<int64_t>(shard));
  }
  return missing;
}

std::string ranges_text(const std::vector<int64_t>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    auto last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (last == i + 1)
      text += ", " + std::to_string(numbers[last]);
    else if (last > i)
      text += " to " + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace kindred::host
