#include "host/encoding/shared_shards.hpp"

#include <algorithm>
#include <filesystem>

#include "host/base/clock.hpp"
#include "host/cache/entry_files.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr double kLookSeconds = 2;  // between two looks at files that others write

void remove_quietly(const std::string& path) {
  std::error_code gone;
  fs::remove(path, gone);
}

}  // namespace

SharedShards::SharedShards(RowCache& cache, const std::vector<int64_t>& owners, const FillShare& share,
                           FillTurn turn)
    : cache_(cache), share_(share), turn_(turn) {
  for (size_t shard = 0; shard < owners.size(); ++shard) {
    if ((owners[shard] == share.index) == (turn != FillTurn::others))
      order_.push_back(static_cast<int64_t>(shard));
  }
  // Owners go from the first to the last, so that they meet those who steal as late as possible.
  if (turn == FillTurn::others) std::reverse(order_.begin(), order_.end());
}

SharedShards::~SharedShards() {
  for (const auto shard : claimed_) remove_quietly(claim_path(shard));
}

int64_t SharedShards::rows() const {
  int64_t rows = 0;
  for (const auto shard : order_) rows += cache_.layout().rows_of(shard);
  return rows;
}

int64_t SharedShards::rows_done() {
  int64_t rows = 0;
  for (const auto shard : order_) rows += cache_.rows_done(shard);
  return rows;
}

ShardWriter* SharedShards::take_shard() {
  if (now_seconds() - in_vain_ < kLookSeconds) return nullptr;
  look_again();
  for (const auto shard : order_) {
    if (auto* const writer = cache_.take_shard(shard, [&] { return claim(shard); })) return writer;
  }
  in_vain_ = now_seconds();
  return nullptr;
}

/// Asked while this process holds the machine's lock on the shard: so whoever claimed it on this machine has
/// ended.
bool SharedShards::claim(int64_t shard) {
  const auto path = claim_path(shard);
  const auto own = claim_of(share_.text(), share_.machine);
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    if (try_claim(path, own)) {
      claimed_.insert(shard);
      return true;
    }
    const auto age = age_of(path, (fs::path(folder()) / kLockFile).string());
    if (age < 0) continue;  // it went meanwhile
    const auto there = read_claim(path);
    // Another of the same number is this one before it was started again, perhaps elsewhere.
    const bool counts = there && there->machine != share_.machine && there->process != own.process;
    if (counts && age <= kClaimHolds) return false;
    replace_claim(path, own);
    claimed_.insert(shard);
    return true;
  }
  return false;
}

void SharedShards::finish(ShardWriter* writer) {
  const auto shard = writer->shard();
  cache_.finish(writer);
  remove_quietly(claim_path(shard));
  claimed_.erase(shard);
  ++filled_;
}

bool SharedShards::complete() {
  if (turn_ != FillTurn::own_rest) return true;
  look_again();
  return all_there();
}

bool SharedShards::all_there() const {
  return std::all_of(order_.begin(), order_.end(), [&](int64_t shard) { return cache_.is_complete(shard); });
}

/// Others may be on machines from which looking costs.
void SharedShards::look_again() {
  if (now_seconds() - last_look_ < kLookSeconds) return;
  cache_.complete();
  last_look_ = now_seconds();
}

void SharedShards::gives_sign_of_life() {
  if (now_seconds() - last_sign_ < kClaimRenewed) return;
  for (const auto shard : claimed_) renew_claim(claim_path(shard));
  last_sign_ = now_seconds();
}

void remove_leavings(const RowCache& cache) {
  const fs::path folder = cache.folder();
  for (const auto& name : shard_files_in(folder.string())) {
    const bool may_go = name.kind == ShardFile::claim || !name.machine.empty();
    if (!may_go || name.count != cache.layout().count() || !cache.is_complete(name.shard)) continue;
    const auto path = (folder / text_of(name)).string();
    if (age_of(path, (folder / kLockFile).string()) > kClaimHolds) remove_quietly(path);
  }
}

}  // namespace kindred::host
