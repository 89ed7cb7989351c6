#include "host/engine/contracts.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "host/engine/encoder_part.hpp"
#include "host/engine/head_chain.hpp"
#include "host/loader/plugin_error.hpp"

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

struct AnyLoss final : Loss {
  explicit AnyLoss(std::function<at::Tensor(const at::Tensor&)> f) : value(std::move(f)) {}
  at::Tensor forward(const at::Tensor& x, const at::Tensor&) override { return value(x); }
  std::function<at::Tensor(const at::Tensor&)> value;
};

ComponentInfo info(const std::string& id) {
  ComponentInfo out;
  out.id = id;
  out.plugin_id = "acme";
  return out;
}

/// The message of the PluginError that `call` throws, or "" when it throws none.
std::string broken(const std::function<void()>& call) {
  try {
    call();
  } catch (const PluginError& error) {
    return error.what();
  }
  return "";
}

/// A tensor on a device that is not the processor.
at::Tensor elsewhere(at::IntArrayRef sizes, at::ScalarType dtype = at::kFloat) {
  return at::empty(sizes, at::TensorOptions().dtype(dtype).device(at::kMeta));
}

at::Tensor rows_of(std::vector<int64_t> rows) { return at::tensor(rows, at::kLong); }

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

TEST(Contracts, a_loss_is_one_number_with_a_path_to_the_embeddings) {
  const auto check = [](std::function<at::Tensor(const at::Tensor&)> value) {
    return broken([&] {
      under_contract(std::shared_ptr<Loss>(std::make_shared<AnyLoss>(std::move(value))), info("acme.loss"))
          ->forward(at::ones({2, 3}).set_requires_grad(true), rows_of({0, 1}));
    });
  };
  EXPECT_EQ(check([](const at::Tensor& x) { return x.sum(); }), "");
  EXPECT_THAT(check([](const at::Tensor& x) { return x.sum(1); }), HasSubstr("returned float32 (2) on cpu"));
  EXPECT_THAT(check([](const at::Tensor& x) { return x.sum().to(at::kDouble); }),
              HasSubstr("returned float64"));
  EXPECT_THAT(check([](const at::Tensor& x) { return x.detach().sum(); }),
              HasSubstr("without a gradient path"));
  EXPECT_THAT(check([](const at::Tensor& x) { return x.sum().to(at::kMeta); }),
              HasSubstr("returned float32 () on meta"));
}

struct AnyMiner : Miner {
  explicit AnyMiner(Mined value) : out(std::move(value)) {}
  Mined mine(const PairBatch&) override { return out; }
  Mined out;
};

TEST(Contracts, a_miner_keeps_pairs_that_there_are) {
  // Samples 0 and 1 are of one class, 2 of another.
  const auto batch = pair_batch(at::ones({3, 2}), rows_of({0, 0, 1}));
  const auto check = [&](Mined out) {
    return broken([&] {
      under_contract(std::shared_ptr<Miner>(std::make_shared<AnyMiner>(std::move(out))), info("acme.miner"))
          ->mine(batch);
    });
  };
  EXPECT_EQ(check({batch.masks, {}}), "");
  EXPECT_EQ(check({{}, {rows_of({0, 1}), rows_of({1, 0}), rows_of({2, 2})}}), "");
  EXPECT_EQ(check({{}, {rows_of({}), rows_of({}), rows_of({})}}), "");
  EXPECT_THAT(check({{batch.masks.negative, batch.masks.negative}, {}}),
              HasSubstr("kept a pair as positive that is none"));
  EXPECT_THAT(check({{batch.masks.positive, at::ones({3, 2}, at::kBool)}, {}}),
              HasSubstr("mask of negative pairs"));
  EXPECT_THAT(check({{}, {}}), HasSubstr("an undefined tensor"));
  EXPECT_THAT(check({{}, {rows_of({0}), rows_of({2}), rows_of({2})}}),
              HasSubstr("kept a pair as positive that is none"));
  EXPECT_THAT(check({{}, {rows_of({0}), rows_of({1}), rows_of({3})}}), HasSubstr("outside of 3 embeddings"));
  EXPECT_THAT(check({{}, {rows_of({0, 1}), rows_of({1}), rows_of({2})}}),
              HasSubstr("expected int64 (T) each"));
}

/// Throws in the method of this name; else computes `out`.
struct AnyEncoder final : Encoder {
  void reach(const char* method) const {
    if (fault == method) throw 7;
  }
  ObjectKind object_kind() const override { return reach("object_kind"), ObjectKind::vector; }
  int64_t dimension() const override { return reach("dimension"), columns; }
  std::vector<std::string> stages() const override { return reach("stages"), names; }
  int64_t stage_of(const std::string&) const override { return reach("stage_of"), stage; }
  std::vector<NamedTensor> parameters() override { return reach("parameters"), tensors; }
  std::vector<NamedTensor> buffers() override { return reach("buffers"), std::vector<NamedTensor>(); }
  void train(bool) override { reach("train"); }
  void freeze_batch_norms(bool) override { reach("freeze_batch_norms"); }
  bool runs_in_bfloat16() const override { return reach("runs_in_bfloat16"), false; }
  at::Tensor prepare(const Batch&, at::ScalarType) const override { return reach("prepare"), in; }
  at::Tensor run_stages(const at::Tensor&, int64_t, int64_t) override { return reach("forward"), out; }

  std::string fault;
  int64_t columns = 3, stage = 0;
  std::vector<std::string> names = {"only"};
  std::vector<NamedTensor> tensors = {{"weight", at::ones({1})}};
  at::Tensor in = at::ones({2, 3}), out = at::ones({2, 3});
};

/// The message of what breaks when an encoder is made and used in every way.
std::string broken_encoder(const std::function<void(AnyEncoder&)>& change) {
  return broken([&] {
    auto inner = std::make_shared<AnyEncoder>();
    change(*inner);
    EncoderPart part;
    part.id = "acme.encoder";
    part.plugin = "acme";
    part.encoder = under_contract(std::static_pointer_cast<Encoder>(inner), info(part.id));
    part.dimension = part.encoder->dimension();
    part.encoder->freeze_batch_norms(true);
    part.encoder->runs_in_bfloat16();
    part.encoder->train(true);
    part.encode({at::ones({2, 3}), {}});
  });
}

TEST(Contracts, an_encoder_is_named_whichever_method_throws) {
  EXPECT_EQ(broken_encoder([](AnyEncoder&) {}), "");
  for (const std::string method : {"object_kind", "dimension", "stages", "stage_of", "parameters", "buffers",
                                   "train", "freeze_batch_norms", "runs_in_bfloat16", "prepare", "forward"}) {
    EXPECT_EQ(broken_encoder([&](AnyEncoder& one) { one.fault = method; }),
              "plugin acme, component acme.encoder, phase " + method +
                  ": an exception that is not a std::exception");
  }
}

TEST(Contracts, an_encoder_gives_rows_of_its_dimension_on_the_device_of_the_batch) {
  const auto answers = [](at::Tensor in, at::Tensor out) {
    return broken_encoder([&](AnyEncoder& one) {
      one.in = std::move(in);
      one.out = std::move(out);
    });
  };
  const auto right = at::ones({2, 3});
  EXPECT_THAT(answers(right, at::ones({2, 4})),
              HasSubstr("phase forward: returned float32 (2, 4) on cpu; expected float32 (2, 3) on cpu"));
  EXPECT_THAT(answers(right, elsewhere({2, 3})), HasSubstr("phase forward: returned float32 (2, 3) on meta"));
  EXPECT_THAT(answers(right, at::Tensor()), HasSubstr("phase forward: returned an undefined tensor"));
  EXPECT_THAT(answers(at::ones({1, 3}), right),
              HasSubstr("phase prepare: returned float32 (1, 3) on cpu; expected the input of a batch of 2"));
  EXPECT_THAT(answers(elsewhere({2, 3}), right), HasSubstr("phase prepare: returned float32 (2, 3) on meta"));
  EXPECT_THAT(answers(at::Tensor(), right), HasSubstr("phase prepare: returned an undefined tensor"));
}

TEST(Contracts, an_encoder_has_stages_for_its_tensors) {
  EXPECT_THAT(broken_encoder([](AnyEncoder& one) { one.columns = -1; }), HasSubstr("dimension: is -1"));
  EXPECT_THAT(broken_encoder([](AnyEncoder& one) { one.names.clear(); }), HasSubstr("stages: gave none"));
  EXPECT_THAT(broken_encoder([](AnyEncoder& one) { one.stage = 1; }),
              HasSubstr("stage_of: is 1 for \"weight\", but there are 1 stages"));
  EXPECT_THAT(broken_encoder([](AnyEncoder& one) { one.tensors.front().tensor = at::Tensor(); }),
              HasSubstr("parameters: gave no tensor as \"weight\""));
}

struct AnyHead final : Head {
  void reach(const char* method) const {
    if (fault == method) throw 7;
  }
  int64_t output_dimension() const override { return reach("output_dimension"), columns; }
  at::Tensor forward(const at::Tensor&) override { return reach("forward"), out; }
  bool needs_fit() const override { return reach("needs_fit"), true; }
  void fit(const at::Tensor&, const at::Tensor&) override { reach("fit"); }
  std::vector<NamedTensor> parameters() override { return reach("parameters"), std::vector<NamedTensor>(); }
  std::vector<NamedTensor> buffers() override { return reach("buffers"), std::vector<NamedTensor>(); }
  void train(bool) override { reach("train"); }

  std::string fault;
  int64_t columns = 3;
  at::Tensor out = at::ones({2, 3});
};

std::string broken_head(const std::function<void(AnyHead&)>& change) {
  return broken([&] {
    auto inner = std::make_shared<AnyHead>();
    change(*inner);
    HeadChain chain;
    const auto head = under_contract(std::static_pointer_cast<Head>(inner), info("acme.head"));
    chain.stages.push_back({"acme.head", "acme", head, true});
    chain.parameters();
    chain.buffers();
    chain.train(true);
    chain.fit(at::ones({2, 3}), rows_of({0, 1}));
    chain.apply(at::ones({2, 3}));
  });
}

TEST(Contracts, a_head_is_named_whichever_method_throws) {
  EXPECT_EQ(broken_head([](AnyHead&) {}), "");
  for (const std::string method :
       {"output_dimension", "forward", "needs_fit", "fit", "parameters", "buffers", "train"}) {
    EXPECT_EQ(
        broken_head([&](AnyHead& one) { one.fault = method; }),
        "plugin acme, component acme.head, phase " + method + ": an exception that is not a std::exception");
  }
}

TEST(Contracts, a_head_gives_rows_of_its_dimension_on_the_device_of_its_input) {
  EXPECT_THAT(broken_head([](AnyHead& one) { one.columns = 0; }), HasSubstr("output_dimension: is 0"));
  EXPECT_THAT(broken_head([](AnyHead& one) { one.columns = 4; }),
              HasSubstr("phase forward: returned float32 (2, 3) on cpu; expected float32 (2, 4) on cpu"));
  EXPECT_THAT(broken_head([](AnyHead& one) {
                one.out = elsewhere({2, 3});
              }),
              HasSubstr("phase forward: returned float32 (2, 3) on meta"));
}

}  // namespace
}  // namespace kindred::host
