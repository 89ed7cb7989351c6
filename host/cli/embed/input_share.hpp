#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/cli/shard_choice.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// The inputs that one shard deals with, of all that a command names: [first, end), in their order.
struct InputShare {
  ShardChoice shard{};
  int64_t first = 0, end = 0;
  int64_t all = 0;      ///< inputs of all shards together
  std::string whole{};  ///< what shards that belong together have in common: names of inputs, size of a batch
  int64_t size() const { return end - first; }
  bool is_last() const { return shard.index + 1 == shard.count; }
};

bool operator==(const InputShare& a, const InputShare& b);

/// Neighbouring pieces: [first, end).
struct PieceRange {
  size_t first = 0, end = 0;
};

/// The pieces of one shard, which may be none, so that the weights of all shards are about equal. A piece
/// goes to the shard in which its middle lies. The answer follows from the weights (at least 1 each) alone,
/// so that all processes work out the same.
PieceRange pieces_of_shard(const std::vector<int64_t>& weights, const ShardChoice& shard);

/// Cuts inputs into shards of about as many bytes. A cut is where a batch ends, since what a row becomes
/// depends on its batch: so all shards together have the rows that one process gives, bit for bit.
class InputCut {
 public:
  explicit InputCut(int64_t batch_size) : batch_size_(batch_size) {}

  /// The next input has so many bytes; 0 where it is no file.
  void add(int64_t bytes);
  /// `names`: a hash of what all inputs are.
  InputShare share_of(const ShardChoice& shard, const std::string& names) const;

 private:
  const int64_t batch_size_;
  int64_t count_ = 0;
  std::vector<int64_t> weights_;  ///< of batches
};

/// A hash of names, whatever the files are now.
std::string hash_of_names(const std::vector<std::string>& names);

/// The share of files that are an input each.
InputShare share_of_files(const std::vector<std::string>& files, int64_t batch_size,
                          const ShardChoice& shard);

/// The share of the samples of a dataset.
InputShare share_of_samples(const Dataset& dataset, int64_t batch_size, const ShardChoice& shard);

/// "cars.npy" -> "cars-00003-of-00016.npy"; what ends otherwise is a folder: "cars.index" ->
/// "cars.index-00003-of-00016". The number is that of --shard, which counts from 1.
std::string name_of_shard(const std::string& output, const ShardChoice& shard);

}  // namespace kindred::host
