#include "host/encoding/feature_extractor.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <limits>
#include <optional>
#include <thread>

#include "host/base/interrupt.hpp"
#include "host/cache/cache_folder.hpp"
#include "host/cache/entry_lock.hpp"
#include "host/cache/verify_entry.hpp"
#include "host/loader/catalog.hpp"
#include "host/options/views.hpp"
#include "kindred/error.hpp"
#include "sample_list.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kPictures = 200, kUnreadable = 70;

at::Tensor picture(int64_t sample) {
  return ((at::arange(48) + sample * 5) % 256).to(at::kByte).reshape({4, 4, 3});
}

class MadePictures final : public Dataset {
 public:
  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return kPictures; }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t index) const override {
    if (index == kUnreadable) throw Error("cut off");
    return picture(index);
  }
  std::string sample_name(int64_t index) const override { return std::to_string(index) + ".jpg"; }
  std::string fingerprint() const override { return "made"; }

 private:
  std::vector<int64_t> labels_ = std::vector<int64_t>(kPictures, 0);
};

/// Multiplies the numbers of a picture, and then hands some of them on. Counts the pictures.
class SmallEncoder final : public Encoder {
 public:
  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return 5; }
  std::vector<std::string> stages() const override { return {"scale", "choose"}; }
  int64_t stage_of(const std::string&) const override { return 0; }
  std::vector<NamedTensor> parameters() override { return {{"weight", weight_}}; }
  at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const override {
    auto input = Encoder::prepare(batch, dtype).clone();
    const auto first_numbers = batch.data.select(1, 0).select(1, 0).select(1, 0);
    const auto bad = first_numbers.eq(bad_ * 5 % 256).view({-1, 1, 1, 1});
    return bad_ < 0 ? input : input.masked_fill(bad, std::numeric_limits<float>::quiet_NaN());
  }
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    encoded_ += first == 0 ? input.size(0) : 0;
    auto map = first == 0 ? input * weight_.to(input.scalar_type()) : input;
    return last == 1 ? map : map.permute({0, 2, 3, 1}).flatten(1).slice(1, 0, 5).contiguous();
  }
  int64_t encoded_ = 0;
  int64_t bad_ = -1;  ///< the sample for which it gives NaN

 private:
  at::Tensor weight_ = at::tensor({0.5F, -2.0F, 3.0F}).reshape({1, 3, 1, 1});
};

/// Keeps what is said, and asks to stop when it was asked `after` times.
class MadeContext final : public Context {
 public:
  explicit MadeContext(int64_t after = std::numeric_limits<int64_t>::max()) : after_(after) {}
  bool interrupted() const override { return ++asked_ > after_; }
  void info(const std::string& text) override { said_.push_back(text); }
  void warning(const std::string& text) override { said_.push_back(text); }
  void show(const ProgressState& state) override { last_ = state; }
  std::vector<std::string> said_;
  ProgressState last_;

 private:
  int64_t after_;
  mutable int64_t asked_ = 0;
};

class FeatureExtractors : public ::testing::Test {
 protected:
  FeatureExtractors() {
    info_.id = "made.component";
    info_.version = "1.0.0";
    info_.schema = {{"properties", nlohmann::json::object()}};
    spec_.info = &info_;
    spec_.params = nlohmann::json::object();
    options_.threads = 2;
    options_.dataset = spec_;
    options_.transforms = {spec_};
    options_.cache.directory = folder_ / "cache";
    options_.cache.batch_size = 16;
    part_.id = "made.encoder";
    part_.encoder = encoder_;
    part_.stage_count = part_.first_trained = 2;
    part_.dimension = 5;
    all_ = all_samples(kPictures);
    loading_.max_skipped = 0.1;
  }

  ExtractedFeatures extract(const FeatureRequest& request, MadeContext& context) {
    SkipLog skips(loading_, kPictures, context);
    FeatureExtractor extractor(options_, spec_, dataset_, transforms_, part_, at::kCPU, skips, context);
    auto rows = extractor.extract(request);
    EXPECT_EQ(skips.all().size(), 1u);
    EXPECT_EQ(skips.all().at(0).index, SampleIndex{kUnreadable});
    return rows;
  }
  ExtractedFeatures extract(MadeContext& context) { return extract({kPlainView, all_}, context); }

  /// All blocks, one behind the other.
  static at::Tensor joined(const ExtractedFeatures& encoded) {
    std::vector<at::Tensor> rows;
    int64_t next = 0;
    for (const auto& block : encoded.blocks) {
      EXPECT_EQ(block.first, next);
      next += block.rows.size(0);
      rows.push_back(block.rows);
    }
    return at::cat(rows);
  }
  /// Encodes picture by picture; the missing one is NaN.
  at::Tensor expected() {
    std::vector<at::Tensor> rows;
    for (auto sample : all_) rows.push_back(encoder_->encode({picture(to_int(sample)).unsqueeze(0)}));
    rows[kUnreadable].fill_(std::numeric_limits<float>::quiet_NaN());
    encoder_->encoded_ = 0;
    return at::cat(rows);
  }
  static void expect_equal(const at::Tensor& rows, const at::Tensor& expected) {
    ASSERT_EQ(rows.sizes(), expected.sizes());
    EXPECT_TRUE(at::equal(rows.isnan(), expected.isnan()));
    EXPECT_TRUE(at::equal(rows.nan_to_num(), expected.nan_to_num()));
  }

  const testing::TemporaryFolder folder_{"feature_extractor"};
  MadePictures dataset_;
  std::shared_ptr<SmallEncoder> encoder_ = std::make_shared<SmallEncoder>();
  ComponentInfo info_;
  EncoderSpec spec_;
  EncodingOptions options_;
  TransformLists transforms_;
  EncoderPart part_;
  LoadingOptions loading_;
  std::vector<SampleIndex> all_;
};

TEST_F(FeatureExtractors, give_what_encoding_gives_and_NaN_for_what_cannot_be_read) {
  const auto rows = expected();
  for (const auto type : {CacheType::disk, CacheType::cpu}) {
    options_.cache.type = type;
    MadeContext context;
    const auto encoded = extract(context);
    EXPECT_EQ(encoded.mapped, type == CacheType::disk);
    EXPECT_EQ(encoded.blocks.size(), type == CacheType::disk ? 4u : 1u);
    EXPECT_EQ(encoded.encoded, kPictures);
    EXPECT_FALSE(encoded.cache_hit);
    expect_equal(joined(encoded), rows);
    EXPECT_EQ(context.last_.done, kPictures);
    EXPECT_TRUE(context.last_.finished);
    EXPECT_THAT(context.said_, Contains("skipped 70.jpg: cut off"));
    EXPECT_EQ(fs::exists(options_.cache.directory), type == CacheType::disk);
    fs::remove_all(options_.cache.directory);
  }
}

TEST_F(FeatureExtractors, samples_that_an_encoder_makes_nothing_of_are_skipped) {
  auto rows = expected();
  constexpr int64_t kBad = 37;
  encoder_->bad_ = kBad;
  rows[kBad].fill_(std::numeric_limits<float>::quiet_NaN());
  for (const auto type : {CacheType::disk, CacheType::cpu}) {
    options_.cache.type = type;
    for (int again = 0; again < 2; ++again) {  // the cache knows it, too
      MadeContext context;
      SkipLog skips(loading_, kPictures, context);
      FeatureExtractor extractor(options_, spec_, dataset_, transforms_, part_, at::kCPU, skips, context);
      expect_equal(joined(extractor.extract({kPlainView, all_})), rows);
      ASSERT_EQ(skips.all().size(), 2U);
      EXPECT_EQ(skips.all().at(0).index, SampleIndex{kBad});
      EXPECT_THAT(skips.all().at(0).message, HasSubstr("numbers that are not finite"));
    }
  }
}

TEST_F(FeatureExtractors, find_what_an_earlier_call_kept) {
  MadeContext context;
  const auto first = joined(extract(context)).clone();
  encoder_->encoded_ = 0;
  const auto again = extract(context);
  EXPECT_EQ(encoder_->encoded_, 0);
  EXPECT_TRUE(again.cache_hit);
  EXPECT_EQ(again.encoded, 0);
  EXPECT_THAT(context.said_, Contains("200 samples from the cache"));
  expect_equal(joined(again), first);
  const auto entry = read_cache_folder(options_.cache.directory).entries.at(0);
  EXPECT_THAT(verify_entry(entry).problems, IsEmpty());
}

TEST_F(FeatureExtractors, keep_other_transforms_views_and_samples_under_another_key) {
  MadeContext context;
  extract(context);
  options_.transforms[0].params = {{"width", 3}};
  EXPECT_EQ(extract(context).encoded, kPictures);
  EXPECT_EQ(extract({kMirrorView, all_}, context).encoded, kPictures);
  EXPECT_EQ(extract({kPlainView, kindred::testing::sample_list({3, 2, kUnreadable})}, context).encoded, 3);
  EXPECT_EQ(extract({kPlainView, all_, at::kFloat, at::kHalf}, context).encoded, kPictures);
  EXPECT_EQ(read_cache_folder(options_.cache.directory).entries.size(), 5u);
  options_.transforms[0].params = nlohmann::json::object();
  EXPECT_TRUE(extract(context).cache_hit);
}

TEST_F(FeatureExtractors, that_are_stopped_go_on_where_they_were) {
  const auto rows = expected();
  MadeContext stopping(6);
  const auto stop = testing::thrown([&] { extract(stopping); });
  EXPECT_THAT(stop, HasSubstr("96 of 200 samples are encoded and kept"));
  EXPECT_THAT(testing::thrown([&] {
                MadeContext at_once(0);
                options_.cache.type = CacheType::cpu;
                extract(at_once);
              }),
              HasSubstr("0 of 200 samples are encoded"));
  options_.cache.type = CacheType::automatic;
  MadeContext context;
  const auto encoded = extract(context);
  EXPECT_THAT(context.said_, Contains("continuing a cache that holds 96 of 200 samples"));
  EXPECT_EQ(encoded.encoded, kPictures - 96);
  expect_equal(joined(encoded), rows);
}

TEST_F(FeatureExtractors, wait_for_a_shard_that_another_process_fills_and_take_it_over) {
  const auto rows = expected();
  MadeContext stopping(0);
  testing::thrown([&] { extract(stopping); });
  const auto folder = read_cache_folder(options_.cache.directory).entries.at(0).folder;
  const auto lock = EntryLock::share(folder, [] {});
  std::optional<ShardLock> shard = lock.try_take_shard(1);
  ASSERT_TRUE(shard);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    EXPECT_EQ(read_cache_folder(options_.cache.directory).entries.at(0).shards_done, 3);
    shard.reset();
  });
  MadeContext context;
  const auto encoded = extract(context);
  other.join();
  EXPECT_THAT(context.said_, Contains(HasSubstr("waiting for another process that fills")));
  expect_equal(joined(encoded), rows);
}

TEST_F(FeatureExtractors, give_feature_maps_with_the_channels_last) {
  part_.first_trained = 1;
  options_.cache.batch_size = 7;  // no shard is a multiple of it
  MadeContext context;
  const FeatureRequest request{kPlainView, all_, at::kFloat, at::kHalf};
  {
    SkipLog skips(loading_, kPictures, context);
    FeatureExtractor extractor(options_, spec_, dataset_, transforms_, part_, at::kCPU, skips, context);
    extractor.check_room({request});
    EXPECT_THAT(context.said_.back(), HasSubstr("maps before choose: 200 of 48 numbers"));
  }
  const auto maps = joined(extract(request, context));
  EXPECT_EQ(maps.sizes(), at::IntArrayRef({kPictures, 4, 4, 3}));
  EXPECT_EQ(maps.scalar_type(), at::kHalf);
  expect_equal(maps.to(at::kFloat).flatten(1).slice(1, 0, 5), expected().to(at::kHalf).to(at::kFloat));
}

}  // namespace
}  // namespace kindred::host
