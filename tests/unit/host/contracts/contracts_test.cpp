#include "host/contracts/contracts.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "broken_contracts.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/dataset.hpp"
#include "kindred/decoder.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/metric.hpp"
#include "kindred/tracker.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

/// Components that return whatever they are given.
struct AnyDataset final : Dataset {
  ObjectKind object_kind() const override { return kind; }
  int64_t size() const override { return 3; }
  const std::vector<int64_t>& labels() const override { return all; }
  at::Tensor read(int64_t) const override { return object; }
  std::string sample_name(int64_t index) const override { return "picture " + std::to_string(index); }
  at::Tensor matrix() const override { return rows; }
  std::string fingerprint() const override { return "any"; }
  ObjectKind kind = ObjectKind::vector;
  std::vector<int64_t> all = {0, 0, 1};
  at::Tensor object = at::zeros({4}), rows;
};

struct AnyTransform final : Transform {
  explicit AnyTransform(at::Tensor x) : out(std::move(x)) {}
  at::Tensor apply(const at::Tensor&, Random&) const override { return out; }
  at::Tensor out;
};

struct AnyBatchSampler final : BatchSampler {
  explicit AnyBatchSampler(std::vector<at::Tensor> x) : out(std::move(x)) {}
  std::vector<at::Tensor> batches(const at::Tensor&, uint64_t, int64_t) override { return out; }
  std::vector<at::Tensor> out;
};

struct AnyEvalSampler final : EvalSampler {
  explicit AnyEvalSampler(at::Tensor x) : out(std::move(x)) {}
  at::Tensor queries(const at::Tensor&, uint64_t) override { return out; }
  at::Tensor out;
};

struct AnyMetric final : Metric {
  explicit AnyMetric(at::Tensor x) : out(std::move(x)) {}
  std::string name() const override { return "any"; }
  std::string distance() const override { return "cosine"; }
  int64_t depth(int64_t) const override { return 1; }
  at::Tensor per_query(const Ranking&) const override {
    if (!out.defined()) throw 7;  // not a std::exception
    return out;
  }
  at::Tensor out;
};

TEST(Contracts, a_dataset_gives_one_label_a_sample_and_objects_of_its_kind) {
  const auto check = [](const std::function<void(AnyDataset&)>& change) {
    return broken([&] {
      auto inner = std::make_shared<AnyDataset>();
      change(*inner);
      const auto dataset = under_contract(std::static_pointer_cast<Dataset>(inner), info("acme.data"));
      dataset->read(2);
      dataset->matrix();
    });
  };
  EXPECT_EQ(check([](AnyDataset&) {}), "");
  EXPECT_THAT(check([](AnyDataset& d) { d.all.pop_back(); }), HasSubstr("2 labels for 3 samples"));
  EXPECT_THAT(check([](AnyDataset& d) { d.all[1] = -5; }), HasSubstr("gave -5 for sample 1"));
  EXPECT_THAT(
      check([](AnyDataset& d) { d.object = at::zeros({4}, at::kDouble); }),
      HasSubstr("plugin acme, component acme.data, phase read: returned float64 (4) on cpu for picture 2; "
                "expected float32 (D) on cpu"));
  EXPECT_THAT(check([](AnyDataset& d) { d.kind = ObjectKind::image; }),
              HasSubstr("expected uint8 (H, W, 3)"));
  EXPECT_THAT(check([](AnyDataset& d) { d.object = at::Tensor(); }), HasSubstr("an undefined tensor"));
  EXPECT_THAT(check([](AnyDataset& d) {
                d.rows = at::zeros({2, 4});
              }),
              HasSubstr("expected floating point numbers (3, D) on cpu"));
  EXPECT_THAT(check([](AnyDataset& d) {
                d.rows = elsewhere({3, 4});
              }),
              HasSubstr("returned float32 (3, 4) on meta"));
  EXPECT_THAT(check([](AnyDataset& d) { d.object = elsewhere({4}); }), HasSubstr("float32 (4) on meta"));
}

TEST(Contracts, what_a_dataset_throws_for_a_sample_stays_what_it_is) {
  struct Unreadable final : Dataset {
    ObjectKind object_kind() const override { return ObjectKind::image; }
    int64_t size() const override { return 1; }
    const std::vector<int64_t>& labels() const override { return all; }
    at::Tensor read(int64_t) const override { throw std::runtime_error("cut off"); }
    std::string sample_name(int64_t) const override { return "it"; }
    std::string fingerprint() const override { return ""; }
    std::vector<int64_t> all = {0};
  };
  const auto dataset =
      under_contract(std::shared_ptr<Dataset>(std::make_shared<Unreadable>()), info("acme.data"));
  try {
    dataset->read(0);
    FAIL();
  } catch (const PluginError&) {
    FAIL() << "one unreadable picture is no fault of the plugin";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cut off");
  }
}

TEST(Contracts, a_vector_that_is_not_finite_is_a_sample_that_cannot_be_read) {
  struct Vectors final : Dataset {
    ObjectKind object_kind() const override { return ObjectKind::vector; }
    int64_t size() const override { return 1; }
    const std::vector<int64_t>& labels() const override { return all; }
    at::Tensor read(int64_t) const override {
      return at::tensor({1.0F, 2.0F, std::numeric_limits<float>::infinity()});
    }
    std::string sample_name(int64_t) const override { return "it"; }
    std::string fingerprint() const override { return ""; }
    std::vector<int64_t> all = {0};
  };
  const auto dataset =
      under_contract(std::shared_ptr<Dataset>(std::make_shared<Vectors>()), info("acme.data"));
  try {
    dataset->read(0);
    FAIL();
  } catch (const PluginError&) {
    FAIL() << "one damaged vector is no fault of the plugin";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "its number 3 of 3 is inf, but all must be finite");
  }
}

TEST(Contracts, a_transform_gives_a_picture) {
  const auto check = [](at::Tensor out) {
    return broken([&] {
      Random random(1);
      under_contract(std::shared_ptr<Transform>(std::make_shared<AnyTransform>(std::move(out))),
                     info("acme.crop"))
          ->apply(at::zeros({2, 2, 3}, at::kByte), random);
    });
  };
  EXPECT_EQ(check(at::zeros({5, 6, 3}, at::kByte)), "");
  EXPECT_THAT(check(at::zeros({3, 5, 6}, at::kByte)), HasSubstr("uint8 (3, 5, 6)"));
  EXPECT_THAT(check(at::zeros({5, 6, 3})), HasSubstr("phase apply: returned float32 (5, 6, 3)"));
}

struct FullDisk final : Tracker {
  void start(const TrackedRun&) override {}
  void epoch(int64_t, int64_t, const std::vector<TrackedValue>&) override {
    throw std::runtime_error("full");
  }
  void finish(const std::string&, const std::vector<TrackedValue>&) override { throw 7; }
};

TEST(Contracts, what_a_tracker_throws_gets_its_name) {
  const auto tracker =
      under_contract(std::shared_ptr<Tracker>(std::make_shared<FullDisk>()), info("acme.log"));
  EXPECT_EQ(broken([&] { tracker->start({}); }), "");
  EXPECT_THAT(broken([&] { tracker->epoch(1, 1, {}); }), HasSubstr("component acme.log, phase epoch: full"));
  EXPECT_THAT(broken([&] { tracker->finish("failed", {}); }), HasSubstr("phase finish: "));
}

TEST(Contracts, a_decoder_gives_a_picture_and_keeps_its_own_exceptions) {
  struct AnyDecoder final : Decoder {
    explicit AnyDecoder(at::Tensor x) : out(std::move(x)) {}
    bool recognizes(std::string_view) const override { throw std::runtime_error("must not throw"); }
    at::Tensor decode(std::string_view bytes, const std::string&) const override {
      if (bytes.empty()) throw std::runtime_error("cut off");
      return out;
    }
    std::vector<std::string> extensions() const override { return {".any"}; }
    std::vector<std::string> examples() const override { return {}; }
    at::Tensor out;
  };
  const auto made = [](at::Tensor out) {
    return under_contract(std::shared_ptr<Decoder>(std::make_shared<AnyDecoder>(std::move(out))),
                          info("acme.pictures"));
  };
  EXPECT_EQ(broken([&] { made(at::zeros({5, 6, 3}, at::kByte))->decode("x", "it"); }), "");
  EXPECT_THAT(
      broken([&] {
        made(at::zeros({5, 6}, at::kByte))->decode("x", "it");
      }),
      HasSubstr("plugin acme, component acme.pictures, phase decode: returned uint8 (5, 6) on cpu for it"));
  EXPECT_THAT(broken([&] { made({})->recognizes("x"); }), HasSubstr("phase recognizes: must not throw"));
  try {
    made({})->decode("", "it");
    FAIL();
  } catch (const PluginError&) {
    FAIL() << "damaged bytes are no fault of the plugin";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cut off");
  }
}

TEST(Contracts, batches_hold_rows_that_exist) {
  const auto check = [](std::vector<at::Tensor> out) {
    return broken([&] {
      under_contract(std::shared_ptr<BatchSampler>(std::make_shared<AnyBatchSampler>(std::move(out))),
                     info("acme.batches"))
          ->batches(at::zeros({4}, at::kLong), 0, 0);
    });
  };
  EXPECT_EQ(check({rows_of({3, 0, 0})}), "");
  EXPECT_THAT(check({}), HasSubstr("gave no batch"));
  EXPECT_THAT(check({rows_of({0}), rows_of({1, 4})}), HasSubstr("gave row 4 of 4 rows (0 to 3)"));
  EXPECT_THAT(check({rows_of({-1})}), HasSubstr("gave row -1"));
  EXPECT_THAT(check({at::zeros({2})}), HasSubstr("float32 (2)"));
}

TEST(Contracts, queries_are_distinct_rows_in_order) {
  const auto check = [](at::Tensor out) {
    return broken([&] {
      under_contract(std::shared_ptr<EvalSampler>(std::make_shared<AnyEvalSampler>(std::move(out))),
                     info("acme.queries"))
          ->queries(at::zeros({4}, at::kLong), 0);
    });
  };
  EXPECT_EQ(check(rows_of({0, 2, 3})), "");
  EXPECT_THAT(check(rows_of({2, 2})), HasSubstr("not distinct and ascending"));
  EXPECT_THAT(check(rows_of({0, 9})), HasSubstr("gave row 9"));
}

TEST(Contracts, a_metric_gives_a_finite_number_per_query_that_counts) {
  const Ranking ranking{at::ones({2, 1}, at::kBool), rows_of({0, 3}), rows_of({0, 1})};
  const auto check = [&](at::Tensor out) {
    return broken([&] {
      under_contract(std::shared_ptr<Metric>(std::make_shared<AnyMetric>(std::move(out))),
                     info("acme.metric"))
          ->per_query(ranking);
    });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(check(at::tensor(std::vector<double>{nan, 0.5}, at::kDouble)), "") << "R = 0 is left out";
  EXPECT_THAT(check(at::tensor(std::vector<double>{0.5, nan}, at::kDouble)),
              HasSubstr("gave nan for a query with 3 relevant samples"));
  EXPECT_THAT(check(at::zeros({3})), HasSubstr("expected float64 (2)"));
  EXPECT_THAT(check(at::Tensor()), HasSubstr("not a std::exception"));
  EXPECT_THAT(check(elsewhere({2}, at::kDouble)),
              HasSubstr("returned float64 (2) on meta; expected float64 (2) on cpu"));
}

}  // namespace
}  // namespace kindred::host
