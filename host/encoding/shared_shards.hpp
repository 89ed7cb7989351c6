#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/cache/shard_claim.hpp"
#include "host/encoding/row_cache.hpp"
#include "host/encoding/shard_source.hpp"
#include "host/encoding/shared_fill.hpp"

namespace kindred::host {

/// The shards of an entry that one of several processes fills in a turn. Each is claimed before it is begun,
/// so that processes that steal leave it alone; the claim goes when the shard is done, or with this.
/// [one thread at a time]
class SharedShards final : public ShardSource {
 public:
  /// `cache` and `share` must outlive it. `owners`: of the entry's shards.
  SharedShards(RowCache& cache, const std::vector<int64_t>& owners, const FillShare& share, FillTurn turn);
  ~SharedShards() override;
  SharedShards(const SharedShards&) = delete;
  SharedShards& operator=(const SharedShards&) = delete;

  /// Says whether all shards of the turn are complete, as far as was last looked.
  bool all_there() const;
  const std::string& folder() const override { return cache_.folder(); }
  int64_t rows() const override;
  int64_t rows_done() override;
  ShardWriter* take_shard() override;
  void finish(ShardWriter* shard) override;
  /// True where nothing is to be waited for; only FillTurn::own_rest waits.
  bool complete() override;
  void sync() override { cache_.sync(); }
  void gives_sign_of_life() override;

  int64_t filled() const { return filled_; }

 private:
  static constexpr double kLong = 1e9;  // seconds: as if it were long ago
  bool claim(int64_t shard);
  std::string claim_path(int64_t shard) const { return cache_.path(shard, ShardFile::claim); }
  void look_again();

  RowCache& cache_;
  const FillShare& share_;
  const FillTurn turn_;
  std::vector<int64_t> order_;  // the shards of this turn, as they are tried
  std::set<int64_t> claimed_;   // by this
  int64_t filled_ = 0;
  double last_sign_ = 0, last_look_ = -kLong;
  double in_vain_ = -kLong;  // when nothing was free at last
};

/// Removes what ended processes left of complete shards of an entry: partial arrays of their own, and claims.
/// What changed not long ago stays, since it may be written.
void remove_leavings(const RowCache& cache);

}  // namespace kindred::host
