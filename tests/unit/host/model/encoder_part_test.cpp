#include "host/model/encoder_part.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "host/loader/plugin_error.hpp"

namespace kindred::host {
namespace {

/// Doubles vectors, and keeps how many each call brought.
class Doubling final : public Encoder {
 public:
  explicit Doubling(bool side_by_side) : side_by_side_(side_by_side) {}
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t dimension() const override { return 3; }
  std::vector<std::string> stages() const override { return {"first", "second"}; }
  bool runs_side_by_side() const override { return side_by_side_; }
  at::Tensor prepare(const Batch& batch, at::ScalarType) const override {
    EXPECT_TRUE(at::equal(batch.lengths, batch.data.select(1, 0).to(at::kLong)));
    return batch.data;
  }
  at::Tensor run_stages(const at::Tensor& x, int64_t first, int64_t last) override {
    const std::lock_guard<std::mutex> one(mutex_);
    if (at::GradMode::is_enabled()) ++with_gradients;
    calls.push_back(x.size(0));
    auto out = x;
    for (int64_t stage = first; stage < last; ++stage) out = out * 2;
    return fails ? out.slice(1, 1) : out;
  }

  std::vector<int64_t> calls;
  int with_gradients = 0;
  bool fails = false;

 private:
  const bool side_by_side_;
  std::mutex mutex_;
};

struct Part {
  explicit Part(bool side_by_side) : encoder(std::make_shared<Doubling>(side_by_side)) {
    part.encoder = encoder;
    part.dimension = 3;
    part.stage_count = 2;
    part.first_trained = 1;
  }
  /// A machine with one processor has nothing to divide.
  void expect_parts() const {
    if (at::get_num_threads() == 1) return;
    EXPECT_GT(encoder->calls.size(), 1U);
  }
  std::shared_ptr<Doubling> encoder;
  EncoderPart part;
};

Batch numbered(int64_t count) {
  Batch batch;
  batch.data = at::arange(count * 3, at::kFloat).view({count, 3});
  batch.lengths = batch.data.select(1, 0).to(at::kLong);
  return batch;
}

TEST(EncoderPart, infers_the_same_rows_in_the_same_order_by_parts) {
  for (const int64_t count : {1, 3, 4, 7, 32, 33, 100}) {
    Part whole(false), parts(true);
    const auto batch = numbered(count);
    EXPECT_TRUE(at::equal(whole.part.infer(batch), batch.data * 4));
    EXPECT_TRUE(at::equal(parts.part.infer(batch), batch.data * 4)) << count;
    EXPECT_EQ(whole.encoder->calls, std::vector<int64_t>{count});
    EXPECT_EQ(parts.encoder->with_gradients, 0) << "threads record none";
    if (count > 32) parts.expect_parts();
  }
}

TEST(EncoderPart, makes_feature_maps_by_parts) {
  Part parts(true);
  const auto batch = numbered(33);
  EXPECT_TRUE(at::equal(parts.part.frozen_feature_map(batch, at::kFloat), batch.data * 2));
  parts.expect_parts();
  parts.part.first_trained = 0;
  EXPECT_TRUE(at::equal(parts.part.frozen_feature_map(batch, at::kFloat), batch.data));
}

TEST(EncoderPart, says_what_is_wrong_with_the_output) {
  Part parts(true);
  parts.encoder->fails = true;
  EXPECT_THROW(parts.part.infer(numbered(33)), PluginError);
}

}  // namespace
}  // namespace kindred::host
