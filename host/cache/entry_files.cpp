#include "host/cache/entry_files.hpp"

#include <algorithm>
#include <filesystem>

#include "host/base/text_forms/shard_ending.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostDigits = 12;  // a longer one is no shard's
constexpr const char* kEarlierRows = "rows.npy";
constexpr const char* kEarlierPartial = "rows.npy.partial";

constexpr const char* kMachine = ".at-";

constexpr ShardFile kShardFiles[] = {ShardFile::rows, ShardFile::partial, ShardFile::progress,
                                     ShardFile::record, ShardFile::claim};

const char* ending_of(ShardFile kind) {
  switch (kind) {
    case ShardFile::rows:
      return ".npy";
    case ShardFile::partial:
      return ".npy.partial";
    case ShardFile::progress:
      return ".progress.json";
    case ShardFile::claim:
      return ".claim.json";
    case ShardFile::record:
      break;
  }
  return ".json";
}

/// The number behind `word` at the beginning of `text`, which is cut off; nothing where none is there.
std::optional<int64_t> take_number(std::string& text, const std::string& word) {
  if (text.rfind(word, 0) != 0) return std::nullopt;
  const auto begin = word.size();
  const auto end = std::min(text.find_first_not_of("0123456789", begin), text.size());
  const auto digits = text.substr(begin, end - begin);
  const bool padded_too_far = digits.size() > kShardDigits && digits.front() == '0';
  if (digits.size() < kShardDigits || digits.size() > kMostDigits || padded_too_far) return std::nullopt;
  text.erase(0, end);
  return std::stoll(digits);
}

/// The machine that is named at the beginning of `text`, which is cut off; "" where none is.
std::string take_machine(std::string& text) {
  const auto begin = std::string(kMachine).size();
  if (text.rfind(kMachine, 0) != 0) return "";
  const auto tag = text.substr(begin, kMachineDigits);
  if (tag.size() < kMachineDigits || tag.find_first_not_of("0123456789abcdef") != std::string::npos)
    return "";
  text.erase(0, begin + kMachineDigits);
  return tag;
}

/// Says whether a version before 0.12 wrote files of this name.
bool is_earlier_file(const std::string& name) {
  for (const char* known :
       {kEarlierRows, kEarlierPartial, "progress.json", "skipped.json", "checksums.json"}) {
    if (name == known) return true;
  }
  return false;
}

/// Says whether write_file_atomically writes such a file.
bool is_written_atomically(const std::string& name) {
  const auto shard = parse_shard_file(name);
  // A private partial array gets a second name of this form while the complete one takes another's place.
  if (shard)
    return shard->kind != ShardFile::rows && (shard->kind != ShardFile::partial || !shard->machine.empty());
  return name == kMetaFile || (is_earlier_file(name) && name != kEarlierRows && name != kEarlierPartial);
}

/// What a killed write_file_atomically() leaves of such a file. One in 200 such names has neither digit nor
/// capital; it is not recognised, so that somebody's meta.json.backup is not either.
bool is_temporary(const std::string& name) {
  if (name.size() <= kTemporaryEnd) return false;
  const auto end = name.size() - kTemporaryEnd;
  return name[end] == '.' &&
         name.find_first_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", end) != std::string::npos &&
         is_written_atomically(name.substr(0, end));
}

}  // namespace

std::string text_of(const ShardFileName& name) {
  const auto machine = name.machine.empty() ? "" : kMachine + name.machine;
  return "shard" + shard_ending(name.shard, name.count) + machine + ending_of(name.kind);
}

std::optional<ShardFileName> parse_shard_file(const std::string& name) {
  auto rest = name;
  const auto shard = take_number(rest, "shard-");
  if (!shard) return std::nullopt;
  const auto count = take_number(rest, "-of-");
  if (!count || *shard >= *count) return std::nullopt;
  const auto machine = take_machine(rest);
  for (const auto kind : kShardFiles) {
    const bool may_be_private = kind == ShardFile::partial || kind == ShardFile::progress;
    if (rest == ending_of(kind) && (machine.empty() || may_be_private))
      return ShardFileName{*shard, *count, kind, machine};
  }
  return std::nullopt;
}

std::vector<ShardFileName> shard_files_in(const std::string& folder) {
  std::vector<ShardFileName> found;
  for (const auto& one : fs::directory_iterator(folder)) {
    if (const auto name = parse_shard_file(one.path().filename().string())) found.push_back(*name);
  }
  return found;
}

int64_t shard_count(const std::vector<ShardFileName>& files) {
  int64_t count = -1;
  for (const auto& name : files) count = std::max(count, name.count);
  return count;
}

bool has_complete_earlier_rows(const std::string& folder) {
  return fs::exists(fs::path(folder) / kEarlierRows);
}

bool has_earlier_rows(const std::string& folder) {
  return has_complete_earlier_rows(folder) || fs::exists(fs::path(folder) / kEarlierPartial);
}

bool is_entry_key(const std::string& name) {
  return name.size() == kKeyDigits && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_entry_file(const std::string& name) {
  return name == kMetaFile || name == kLockFile || parse_shard_file(name) || is_earlier_file(name) ||
         is_temporary(name);
}

}  // namespace kindred::host
