#include "host/cli/embed/shard_record.hpp"

#include <algorithm>
#include <filesystem>

#include "host/cli/shard_choice.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

std::string record_file(const std::string& array) {
  return fs::path(array).replace_extension(".json").string();
}

std::optional<ShardChoice> shard_in_name(const std::string& array) {
  constexpr int kMostDigits = 18;
  auto stem = fs::path(array).stem().string();
  /// The number behind the last `before` of what is left of the name, which is cut off; 0: there is none.
  const auto take_number = [&](const std::string& before) -> int64_t {
    const auto place = stem.rfind(before);
    if (place == std::string::npos) return 0;
    const auto digits = stem.substr(place + before.size());
    const bool is_number =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number || digits.size() < 5 || digits.size() > kMostDigits) return 0;
    stem.resize(place);
    return std::stoll(digits);
  };
  const auto count = take_number("-of-");
  const auto number = take_number("-");
  if (number < 1 || number > count) return std::nullopt;
  return ShardChoice{number - 1, count};
}

std::optional<ShardRecord> read_shard_record(const std::string& array) {
  const auto file = record_file(array);
  if (!fs::exists(file)) return std::nullopt;
  try {
    const auto text = json::parse(read_file(file));
    ShardRecord record;
    record.identity = {text.at("model"), text.at("inputs"), text.at("settings"), text.at("dimension"), {}};
    record.identity.share = InputShare{{text.at("shard").get<int64_t>() - 1, text.at("shards")},
                                       text.at("first_input"),
                                       text.at("end_input"),
                                       text.at("all_inputs"),
                                       text.at("whole")};
    record.position = {text.at("inputs_done"), text.at("rows"), text.at("failed"), text.at("hash")};
    record.last_lines = text.at("last_lines");
    return record;
  } catch (const json::exception& error) {
    throw Error(file + " says nothing of a shard of an embedding (" + error.what() +
                "); remove it, or name another --output");
  }
}

void write_shard_record(const std::string& array, const ShardRecord& record) {
  const auto& identity = record.identity;
  const auto& share = *identity.share;
  const json text = {{"shard", share.shard.index + 1},
                     {"shards", share.shard.count},
                     {"first_input", share.first},
                     {"end_input", share.end},
                     {"all_inputs", share.all},
                     {"whole", share.whole},
                     {"model", identity.model},
                     {"inputs", identity.inputs},
                     {"settings", identity.settings},
                     {"dimension", identity.dimension},
                     {"inputs_done", record.position.inputs},
                     {"rows", record.position.rows},
                     {"failed", record.position.failed},
                     {"hash", record.position.hash},
                     {"last_lines", record.last_lines}};
  write_file_atomically(record_file(array), json_text(text, 2) + "\n");
}

bool is_of_same_work(const EmbeddingIdentity& a, const EmbeddingIdentity& b) {
  return a.model == b.model && a.dimension == b.dimension && a.share && b.share &&
         a.share->whole == b.share->whole && a.share->all == b.share->all &&
         a.share->shard.count == b.share->shard.count;
}

}  // namespace kindred::host
