#include "host/data/batch_loader.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "host/data/class_split.hpp"
#include "host/loader/plugin_error.hpp"
#include "kindred/error.hpp"
#include "kindred/random.hpp"
#include "sample_list.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using kindred::testing::sample_list;
using kindred::testing::thrown;
using ::testing::HasSubstr;

/// Objects that come from their numbers, the later ones of a batch sooner, so that threads overtake each
/// other.
class OddDataset final : public Dataset {
 public:
  explicit OddDataset(ObjectKind kind) : kind_(kind), labels_(40, 0) {}
  ObjectKind object_kind() const override { return kind_; }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::string sample_name(int64_t index) const override { return "#" + std::to_string(index); }
  std::string fingerprint() const override { return "odd"; }
  at::Tensor read(int64_t index) const override {
    ++read_count;
    std::this_thread::sleep_for(std::chrono::microseconds(index % 4 == 0 ? 800 : 50));
    if (unreadable.count(index)) throw Error("sample " + std::to_string(index) + " is torn");
    if (broken.count(index)) throw PluginError("acme", "acme.data", "read", "returned nothing");
    if (kind_ == ObjectKind::vector) return at::full({longer.count(index) ? 4 : 3}, index, at::kFloat);
    auto picture = at::full({2, 5, 3}, index, at::kByte);
    picture.select(1, 0).fill_(200);
    return picture;
  }

  std::set<int64_t> unreadable, broken, longer;
  mutable std::atomic<int64_t> read_count{0};

 private:
  ObjectKind kind_;
  std::vector<int64_t> labels_;
};

/// Adds a number that it draws.
class Noise final : public Transform {
 public:
  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    return image + at::full({}, random.below(50), at::kByte);
  }
  bool is_random() const override { return true; }
};

const TransformList none;
const std::vector<std::vector<SampleIndex>> kBatches = {sample_list({4, 0, 7}), sample_list({1, 2}),
                                                        sample_list({3, 3, 9, 8, 12}), sample_list({16}),
                                                        sample_list({20, 21, 22})};

TEST(BatchLoader, gives_batches_and_samples_in_the_order_asked_for) {
  const OddDataset dataset(ObjectKind::vector);
  for (const int64_t threads : {1, 4}) {
    BatchLoader::Options options;
    options.threads = threads;
    BatchLoader loader(dataset, none, kBatches, options);
    for (const auto& expected : kBatches) {
      const auto loaded = loader.next();
      EXPECT_EQ(loaded.indices, expected);
      EXPECT_TRUE(loaded.skipped.empty());
      ASSERT_EQ(loaded.batch.data.sizes(), at::IntArrayRef({static_cast<int64_t>(expected.size()), 3}));
      EXPECT_TRUE(at::equal(loaded.batch.data.select(1, 2), tensor_of(expected).to(at::kFloat)));
    }
  }
}

TEST(BatchLoader, leaves_out_what_cannot_be_read_and_says_why) {
  OddDataset dataset(ObjectKind::vector);
  dataset.unreadable = {0, 9, 16};
  BatchLoader loader(dataset, none, kBatches, {});
  const auto first = loader.next();
  EXPECT_EQ(first.indices, sample_list({4, 7}));
  EXPECT_EQ(first.batch.data.size(0), 2);
  ASSERT_EQ(first.skipped.size(), 1U);
  EXPECT_EQ(first.skipped.front().index, SampleIndex{0});
  EXPECT_EQ(first.skipped.front().name, "#0");
  EXPECT_EQ(first.skipped.front().message, "sample 0 is torn");
  loader.next();
  EXPECT_EQ(loader.next().indices, sample_list({3, 3, 8, 12}));
  const auto nothing = loader.next();
  EXPECT_TRUE(nothing.indices.empty());
  EXPECT_FALSE(nothing.batch.data.defined());
  EXPECT_EQ(nothing.skipped.size(), 1U);
}

TEST(BatchLoader, gives_the_same_with_one_thread_and_with_four) {
  const OddDataset dataset(ObjectKind::image);
  const TransformList transforms = {std::make_shared<Noise>(), std::make_shared<Noise>()};
  const auto all = [&](int64_t threads, bool mirror) {
    BatchLoader::Options options;
    options.threads = threads;
    options.mirror = mirror;
    options.draws = [](SampleIndex sample, size_t transform) { return Random(7, to_int(sample), transform); };
    BatchLoader loader(dataset, transforms, kBatches, options);
    std::vector<at::Tensor> batches;
    for (size_t i = 0; i < kBatches.size(); ++i) batches.push_back(loader.next().batch.data);
    return at::cat(batches);
  };
  const auto one = all(1, false);
  EXPECT_TRUE(at::equal(one, all(4, false)));
  EXPECT_TRUE(at::equal(one.flip({2}), all(4, true)));
  EXPECT_FALSE(at::equal(one, one.flip({2})));
  EXPECT_TRUE(at::equal(one[5], one[6])) << "a sample that comes twice draws the same";
}

TEST(BatchLoader, vectors_of_a_batch_have_one_length) {
  OddDataset dataset(ObjectKind::vector);
  dataset.longer = {7};
  BatchLoader loader(dataset, none, kBatches, {});
  EXPECT_EQ(
      thrown([&] { loader.next(); }),
      "the vectors of a batch differ in size: #4 is 3 numbers, #7 is 4 numbers; all vectors of a dataset "
      "must have one length");
}

TEST(BatchLoader, passes_on_that_a_contract_was_broken) {
  OddDataset dataset(ObjectKind::vector);
  dataset.broken = {2};
  BatchLoader loader(dataset, none, kBatches, {});
  EXPECT_THAT(thrown([&] {
                for (size_t i = 0; i < kBatches.size(); ++i) loader.next();
              }),
              HasSubstr("plugin acme, component acme.data, phase read: returned nothing"));
}

TEST(BatchLoader, may_be_left_before_all_was_taken_and_reads_only_so_far_ahead) {
  const OddDataset dataset(ObjectKind::vector);
  std::vector<std::vector<SampleIndex>> batches;
  for (const auto sample : all_samples(40)) batches.push_back({sample});
  BatchLoader::Options options;
  options.threads = 4;
  options.prefetch = 3;
  {
    BatchLoader loader(dataset, none, batches, options);
    EXPECT_EQ(loader.next().indices, sample_list({0}));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_LE(dataset.read_count.load(), 1 + 3);
  { const BatchLoader untouched(dataset, none, batches, options); }
  { const BatchLoader empty(dataset, none, {}, options); }
}

}  // namespace
}  // namespace kindred::host
