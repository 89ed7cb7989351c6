#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "broken_contracts.hpp"
#include "host/contracts/contracts.hpp"
#include "host/model/encoder_part.hpp"
#include "host/model/head_chain.hpp"
#include "kindred/encoder.hpp"
#include "kindred/head.hpp"
#include "kindred/loss.hpp"
#include "kindred/miner.hpp"

namespace kindred::host {
namespace {
using ::testing::HasSubstr;

struct AnyLoss final : Loss {
  explicit AnyLoss(std::function<at::Tensor(const at::Tensor&)> f) : value(std::move(f)) {}
  at::Tensor forward(const at::Tensor& x, const at::Tensor&) override { return value(x); }
  std::function<at::Tensor(const at::Tensor&)> value;
};

TEST(ModuleContracts, a_loss_is_one_number_with_a_path_to_the_embeddings) {
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

TEST(ModuleContracts, a_miner_keeps_pairs_that_there_are) {
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

struct AnyAnchorMiner final : AnchorMiner {
  bool gives_triplets() const override { return false; }
  Mined mine(const PairBatch& batch) override { return {batch.masks, {}}; }
};

TEST(ModuleContracts, a_miner_under_contract_says_whether_it_looks_at_one_anchor_at_a_time) {
  const auto says = [](std::shared_ptr<Miner> miner) {
    const auto under = under_contract(std::move(miner), info("acme.miner"));
    return dynamic_cast<const MinesByAnchor&>(*under).mines_by_anchor();
  };
  EXPECT_TRUE(says(std::make_shared<AnyAnchorMiner>()));
  EXPECT_FALSE(says(std::make_shared<AnyMiner>(Mined{})));
}

struct SaysTriplets final : AnchorMiner {
  bool gives_triplets() const override { return true; }
  Mined mine(const PairBatch& batch) override { return {batch.masks, {}}; }
};

TEST(ModuleContracts, a_miner_of_anchors_gives_what_it_says) {
  const auto batch = pair_batch(at::ones({3, 2}), rows_of({0, 0, 1}));
  const auto mined = [&](std::shared_ptr<Miner> miner) {
    return broken([&] { under_contract(std::move(miner), info("acme.miner"))->mine(batch); });
  };
  EXPECT_EQ(mined(std::make_shared<AnyAnchorMiner>()), "");
  EXPECT_THAT(mined(std::make_shared<SaysTriplets>()),
              HasSubstr("returned masks, although gives_triplets() says that it gives triplets"));
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

TEST(ModuleContracts, an_encoder_is_named_whichever_method_throws) {
  EXPECT_EQ(broken_encoder([](AnyEncoder&) {}), "");
  for (const std::string method : {"object_kind", "dimension", "stages", "stage_of", "parameters", "buffers",
                                   "train", "freeze_batch_norms", "runs_in_bfloat16", "prepare", "forward"}) {
    EXPECT_EQ(broken_encoder([&](AnyEncoder& one) { one.fault = method; }),
              "plugin acme, component acme.encoder, phase " + method +
                  ": an exception that is not a std::exception");
  }
}

TEST(ModuleContracts, an_encoder_gives_rows_of_its_dimension_on_the_device_of_the_batch) {
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

TEST(ModuleContracts, an_encoder_has_stages_for_its_tensors) {
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

TEST(ModuleContracts, a_head_is_named_whichever_method_throws) {
  EXPECT_EQ(broken_head([](AnyHead&) {}), "");
  for (const std::string method :
       {"output_dimension", "forward", "needs_fit", "fit", "parameters", "buffers", "train"}) {
    EXPECT_EQ(
        broken_head([&](AnyHead& one) { one.fault = method; }),
        "plugin acme, component acme.head, phase " + method + ": an exception that is not a std::exception");
  }
}

TEST(ModuleContracts, a_head_gives_rows_of_its_dimension_on_the_device_of_its_input) {
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
