#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>

#include <set>

#include "text_batch.hpp"
#include "tower_fixture.hpp"

namespace kindred {
namespace {

using testing::difference;
using ::testing::HasSubstr;
using testing::tensor_of;
using testing::text_batch;
using testing::thrown;
using testing::tower;
using testing::tower_golden;
using testing::TowerFolder;

constexpr double kRounding = 1e-5;  // 1e-4 is what is promised

class TextTowers : public ::testing::Test {
 protected:
  const nlohmann::json& made(const std::string& name) const {
    for (const auto& one : golden_.at("cases")) {
      if (one.at("name") == name) return one;
    }
    throw std::runtime_error("golden_towers.json has no case " + name);
  }

  at::NoGradGuard no_grad_;
  nlohmann::json golden_ = tower_golden("golden_towers.json");
  std::vector<std::string> texts_ = golden_.at("texts").get<std::vector<std::string>>();
};

TEST_F(TextTowers, give_what_transformers_gave) {
  for (const auto& one : golden_["cases"]) {
    const TowerFolder folder(one);
    const auto encoder = tower(folder, one);
    const auto& expected = one["embeddings"];
    const auto rows = encoder->encode(text_batch(texts_));
    EXPECT_EQ(encoder->dimension(), static_cast<int64_t>(expected[0].size())) << one["name"];
    ASSERT_EQ(rows.size(0), static_cast<int64_t>(expected.size()));
    double largest = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto row = tensor_of(expected[i], {-1});
      const auto found = difference(rows[static_cast<int64_t>(i)], row);
      EXPECT_LE(found, kRounding) << one["name"] << " " << texts_[i];
      largest = std::max(largest, found);
      EXPECT_LE(difference(encoder->encode(text_batch({texts_[i]}))[0], row), kRounding) << one["name"];
    }
    RecordProperty(one["name"].get<std::string>(), std::to_string(largest * 1e6) + "e-6");
  }
}

TEST_F(TextTowers, have_stages_that_go_on_from_cached_tokens) {
  for (const auto* name : {"clip", "clip_of_first_files", "clip_text", "siglip2_text"}) {
    const TowerFolder folder(made(name));
    const auto encoder = tower(folder, made(name));
    const std::vector<std::string> names = {"embed", "layers.0", "layers.1", "norm", "pool"};
    EXPECT_EQ(encoder->stages(), names);
    const auto batch = text_batch(texts_);
    const auto whole = encoder->encode(batch);
    auto x = encoder->prepare(batch, at::kFloat);
    for (int64_t stage = 0; stage < 5; ++stage) x = encoder->run_stages(x.clone(), stage, stage + 1);
    EXPECT_LE(difference(x, whole), kRounding) << name;
    // Maps are kept in half the memory, too.
    const auto kept = encoder->run_stages(encoder->prepare(batch, at::kFloat), 0, 2).to(at::kBFloat16);
    const auto rest = encoder->run_stages(kept.to(at::kFloat), 2, 5);
    EXPECT_LE(difference(rest, whole), 0.05 * whole.abs().max().item<double>()) << name;

    const int64_t rows = std::string(name) == "siglip2_text" ? 64 : 78;
    const auto short_text = encoder->stage_shapes(text_batch({"a"}));
    EXPECT_EQ(short_text.front(), (std::vector<int64_t>{rows, 24})) << name;
    EXPECT_EQ(short_text, encoder->stage_shapes(text_batch({texts_[4]}))) << name;
  }
}

/// What a stage's tensors are for shows in what changes when they do.
TEST_F(TextTowers, have_stages_with_the_tensors_that_they_use) {
  for (const auto* name : {"clip", "siglip2_text"}) {
    const TowerFolder folder(made(name));
    const auto encoder = tower(folder, made(name));
    const auto input = encoder->prepare(text_batch(texts_), at::kFloat);
    std::set<int64_t> seen;
    for (const auto& one : encoder->parameters()) {
      // A bias of keys adds the same to every score of a query.
      if (one.name.find("k_proj.bias") != std::string::npos) continue;
      const auto stage = encoder->stage_of(one.name);
      seen.insert(stage);
      const auto before = encoder->run_stages(input, 0, stage);
      const auto after = encoder->run_stages(before, stage, stage + 1);
      const auto kept = one.tensor.clone();
      one.tensor.mul_(1.5);
      EXPECT_TRUE(at::equal(encoder->run_stages(input, 0, stage), before)) << name << " " << one.name;
      EXPECT_FALSE(at::equal(encoder->run_stages(before, stage, stage + 1), after))
          << name << " " << one.name;
      one.tensor.copy_(kept);
    }
    EXPECT_EQ(seen.size(), 5u) << name;
  }
}

TEST_F(TextTowers, pass_gradients_to_every_tensor) {
  at::AutoGradMode on(true);
  for (const auto* name : {"clip", "siglip2_text"}) {
    const TowerFolder folder(made(name));
    const auto encoder = tower(folder, made(name));
    encoder->train(true);
    for (auto& one : encoder->parameters()) one.tensor.requires_grad_(true);
    const auto out = encoder->encode(text_batch(texts_));
    (out * at::arange(out.numel()).view(out.sizes())).sum().backward();
    for (const auto& one : encoder->parameters()) {
      ASSERT_TRUE(one.tensor.grad().defined()) << name << " " << one.name;
      EXPECT_TRUE(one.tensor.grad().isfinite().all().item<bool>()) << name << " " << one.name;
    }
  }
}

TEST_F(TextTowers, are_packed_for_inference_until_they_are_trained) {
  const TowerFolder folder(made("clip"));
  const auto encoder = tower(folder, made("clip"));
  const auto before = encoder->encode(text_batch(texts_));
  encoder->prepare_for_inference(at::kFloat);
  const auto prepared = encoder->encode(text_batch(texts_));
  EXPECT_LE(difference(prepared, before), kRounding);
  if (at::equal(prepared, before)) GTEST_SKIP() << "no product of our own on this processor";
  for (auto& one : encoder->parameters()) {
    const bool linear = one.tensor.dim() == 2 && one.name.find("embedding") == std::string::npos;
    if (linear) one.tensor.zero_();
  }
  EXPECT_TRUE(at::equal(encoder->encode(text_batch(texts_)), prepared));
  encoder->train(true);
  encoder->train(false);
  EXPECT_GT(difference(encoder->encode(text_batch(texts_)), prepared), 1e-3);
}

TEST_F(TextTowers, put_a_prompt_before_every_text) {
  const TowerFolder folder(made("clip"));
  const auto prompted = tower(folder, made("clip"), {{"prompt", "a photo of a "}});
  const auto plain = tower(folder, made("clip"));
  EXPECT_TRUE(at::equal(prompted->encode(text_batch({"red car"})),
                        plain->encode(text_batch({"a photo of a red car"}))));
}

TEST_F(TextTowers, read_weights_that_are_in_several_files) {
  const TowerFolder folder(made("clip"));
  const auto expected = tower(folder, made("clip"))->encode(text_batch(texts_));
  std::vector<NamedTensor> parts[2];
  nlohmann::json index = {{"metadata", nlohmann::json::object()}, {"weight_map", nlohmann::json::object()}};
  for (size_t i = 0; i < folder.tensors().size(); ++i) {
    const auto& one = folder.tensors()[i];
    parts[i % 2].push_back(one);
    index["weight_map"][one.name] = "model-0000" + std::to_string(i % 2 + 1) + "-of-00002.safetensors";
  }
  folder.remove("model.safetensors");
  for (int i = 0; i < 2; ++i)
    write_safetensors(folder / ("model-0000" + std::to_string(i + 1) + "-of-00002.safetensors"), parts[i]);
  folder.write("model.safetensors.index.json", index.dump());
  EXPECT_TRUE(at::equal(tower(folder, made("clip"))->encode(text_batch(texts_)), expected));
}

TEST_F(TextTowers, without_weights_begin_at_random_and_say_so) {
  const TowerFolder folder(made("clip"));
  folder.remove("model.safetensors");
  Site one, other;
  one.seed = 1;
  other.seed = 2;
  const auto encoder = tower(folder, made("clip"), nlohmann::json::object(), one);
  EXPECT_THAT(encoder->notes(), ::testing::ElementsAre(HasSubstr("holds no weights, so they are random")));
  const auto rows = encoder->encode(text_batch(texts_));
  EXPECT_TRUE(rows.isfinite().all().item<bool>());
  EXPECT_TRUE(at::equal(
      tower(folder, made("clip"), nlohmann::json::object(), one)->encode(text_batch(texts_)), rows));
  EXPECT_GT(
      difference(tower(folder, made("clip"), nlohmann::json::object(), other)->encode(text_batch(texts_)),
                 rows),
      1e-3);
}

TEST_F(TextTowers, refuse_what_they_do_not_compute) {
  const auto refusal = [&](const char* name, const nlohmann::json& patch) {
    const TowerFolder folder(made(name));
    auto config = made(name).at("config");
    config.merge_patch(patch);
    folder.write("config.json", config.dump());
    return thrown([&] { tower(folder, made(name)); });
  };
  EXPECT_THAT(refusal("clip", {{"model_type", "siglip"}}),
              HasSubstr("expected \"clip\" or \"clip_text_model\"; \"siglip_text\" reads SigLIP"));
  EXPECT_THAT(refusal("siglip2_text", {{"model_type", "clip"}}), HasSubstr("\"clip_text\" reads CLIP"));
  EXPECT_THAT(refusal("clip", {{"text_config", {{"hidden_act", "mish"}}}}),
              HasSubstr("\"hidden_act\" as \"mish\""));
  EXPECT_THAT(refusal("clip", {{"text_config", {{"num_attention_heads", 5}}}}),
              HasSubstr("5 attention heads do not divide"));
  EXPECT_THAT(refusal("clip", {{"text_config", {{"num_hidden_layers", 4097}}}}),
              HasSubstr("\"num_hidden_layers\" as 4097, expected 1 to 4096"));
  EXPECT_THAT(refusal("clip", {{"text_config", {{"vocab_size", 900}}}}),
              HasSubstr("\"vocab_size\": 900; they belong to two models"));
  EXPECT_THAT(refusal("clip", {{"text_config", {{"eos_token_id", 7}}}}),
              HasSubstr("\"eos_token_id\": 7; they belong to two models"));
  EXPECT_THAT(refusal("clip", {{"projection_dim", 12}}), HasSubstr("text_projection.weight"));

  const TowerFolder folder(made("siglip2_text"));
  folder.remove("tokenizer.json");
  EXPECT_THAT(thrown([&] { tower(folder, made("siglip2_text")); }),
              HasSubstr("neither spiece.model nor tokenizer.json"));
  folder.remove("config.json");
  EXPECT_THAT(thrown([&] { tower(folder, made("siglip2_text")); }), HasSubstr("has no config.json"));
}

}  // namespace
}  // namespace kindred
