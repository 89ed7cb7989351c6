#include "host/encoding/shard_owners.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

using Numbers = std::vector<int64_t>;

TEST(ShardOwners, share_by_weight_and_not_by_count) {
  ShardOwners owners(2);
  EXPECT_EQ(owners.of_next_entry({10, 10, 10, 30}), (Numbers{1, 1, 1, 0}));
}

TEST(ShardOwners, go_on_with_whoever_has_least_of_the_entries_before) {
  ShardOwners owners(4);
  EXPECT_EQ(owners.of_next_entry({5, 5}), (Numbers{0, 1}));
  EXPECT_EQ(owners.of_next_entry({5, 5}), (Numbers{2, 3}));
}

TEST(ShardOwners, give_every_shard_to_one_of_them_also_where_nothing_weighs) {
  ShardOwners owners(3);
  const auto all = owners.of_next_entry(Numbers(7, 0));
  for (int64_t process = 0; process < 3; ++process) EXPECT_GE(std::count(all.begin(), all.end(), process), 2);
}

/// 200 pictures, of which the first hundred are larger; or a dataset that does not tell its files.
class FilesOfSizes : public Dataset {
 public:
  FilesOfSizes(std::string small, std::string large) : small_(std::move(small)), large_(std::move(large)) {}
  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return 200; }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t) const override { return {}; }
  std::string sample_name(int64_t) const override { return ""; }
  std::string fingerprint() const override { return ""; }
  StoredObject stored(int64_t index, size_t) const override {
    StoredObject object;
    object.file = index < 100 ? large_ : small_;
    if (index == 199) object.bytes = 64000;  // a part of a large file
    return object;
  }

 private:
  std::string small_, large_;
  Numbers labels_ = Numbers(200, 0);
};

TEST(ShardWeights, are_the_bytes_of_the_files) {
  const testing::TemporaryFolder folder("shard_weights");
  write_file_atomically(folder / "small", std::string(10, 'a'));
  write_file_atomically(folder / "large", std::string(1000, 'a'));
  std::vector<SampleIndex> samples;
  for (int64_t i = 0; i < 200; ++i) samples.push_back(SampleIndex{i});
  const ShardLayout layout{200, 64};
  const FilesOfSizes known(folder / "small", folder / "large");
  EXPECT_EQ(shard_weights(layout, samples, known),
            (Numbers{64000, (36 * 1000 + 28 * 10) / 64 * 64, 640, (70 + 64000) / 8 * 8}));
  const FilesOfSizes unknown("", "");
  EXPECT_EQ(shard_weights(layout, samples, unknown), (Numbers{64, 64, 64, 8}));
  EXPECT_EQ(shard_weights({0, 64}, {}, known), (Numbers{0}));
}

}  // namespace
}  // namespace kindred::host
