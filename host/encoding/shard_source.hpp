#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

class ShardWriter;

/// Gives the shards of one entry of the cache that this process is to fill, one after the other.
class ShardSource {
 public:
  virtual ~ShardSource() = default;

  /// The entry's folder, for messages.
  virtual const std::string& folder() const = 0;
  /// The rows that are to be there in the end, and those that are, whoever computed them.
  virtual int64_t rows() const = 0;
  virtual int64_t rows_done() = 0;

  /// The next shard; null where there is none now. It is owned by this. Throws Error.
  virtual ShardWriter* take_shard() = 0;
  /// Ends a shard that was given, after its last row. Throws Error.
  virtual void finish(ShardWriter* shard) = 0;
  /// Asked where take_shard() gave nothing: whether there is nothing left to wait for.
  virtual bool complete() = 0;
  /// Makes the rows of all shards that were given survive a crash. Throws Error.
  virtual void sync() = 0;
  /// Called after every batch.
  virtual void gives_sign_of_life() {}
};

}  // namespace kindred::host
