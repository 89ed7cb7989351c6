#include <gmock/gmock.h>

#include <filesystem>

#include "bert_fixture.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::bert;
using testing::difference;
using ::testing::HasSubstr;
using testing::rows_of;
using testing::text_batch;
using testing::thrown;
using testing::TinyFolder;
using testing::variant_named;

class BertFolder : public testing::BertTest {};

TEST_F(BertFolder, reads_weights_as_they_were_ever_named) {
  const TinyFolder folder(golden_, variant_named(golden_, "mean"));
  const auto batch = text_batch(sentences_);
  const auto expected = bert(folder.path())->encode(batch);
  auto tensors = folder.tensors();
  for (auto& one : tensors) {
    const auto norm = one.name.find("LayerNorm.");
    if (norm != std::string::npos) {
      const bool weight = one.name.find("weight", norm) != std::string::npos;
      one.name = one.name.substr(0, norm) + (weight ? "LayerNorm.gamma" : "LayerNorm.beta");
    }
    one.name = "bert." + one.name;
  }
  tensors.push_back({"bert.embeddings.position_ids", at::arange(20, at::kLong).unsqueeze(0)});
  tensors.push_back({"bert.pooler.dense.bias", at::zeros({16})});
  tensors.push_back({"cls.predictions.bias", at::zeros({87})});
  folder.write_weights(tensors);
  EXPECT_EQ(difference(bert(folder.path())->encode(batch), expected), 0);

  tensors[3].tensor = at::zeros({3});
  folder.write_weights({tensors.begin() + 1, tensors.end()});
  EXPECT_THAT(thrown([&] { bert(folder.path()); }),
              AllOf(HasSubstr("missing " + folder.tensors()[0].name),
                    HasSubstr("misshapen " + folder.tensors()[3].name), HasSubstr("model.safetensors")));
}

TEST_F(BertFolder, puts_the_prompt_before_every_text) {
  const TinyFolder folder(golden_, variant_named(golden_, "mean"));
  const auto expected = bert(folder.path())->encode(text_batch({"the cat sat"}));
  const auto batch = text_batch({"cat sat"});
  EXPECT_EQ(difference(bert(folder.path(), {{"prompt", "the "}})->encode(batch), expected), 0);
  folder.write("config_sentence_transformers.json",
               R"({"prompts": {"query": "the "}, "default_prompt_name": "query"})");
  EXPECT_EQ(difference(bert(folder.path())->encode(batch), expected), 0);
  folder.write("config_sentence_transformers.json", R"({"prompts": {}, "default_prompt_name": "query"})");
  EXPECT_THAT(thrown([&] { bert(folder.path()); }), HasSubstr("has no prompt \"query\""));
  folder.remove("config_sentence_transformers.json");
  folder.write("1_Pooling/config.json", R"({"pooling_mode": "mean", "include_prompt": false})");
  EXPECT_NO_THROW(bert(folder.path()));
  EXPECT_THAT(thrown([&] { bert(folder.path(), {{"prompt", "the "}}); }), HasSubstr("the prompt \"the \""));
}

TEST_F(BertFolder, takes_the_mean_of_a_plain_bert) {
  const auto& variant = variant_named(golden_, "mean");
  const TinyFolder folder(golden_, variant);
  for (const auto* name : {"modules.json", "1_Pooling/config.json", "sentence_bert_config.json"}) {
    folder.remove(name);
  }
  const auto encoder = bert(folder.path(), {{"max_length", 16}});
  EXPECT_LE(difference(encoder->encode(text_batch(sentences_)), rows_of(variant["embeddings"])), 2e-6);
  EXPECT_EQ(bert(folder.path())
                ->prepare(text_batch({"a b c d e f g h i j k l m n o p q r s t u v"}), at::kFloat)
                .size(1),
            20)
      << "all places that the network knows";
}

TEST_F(BertFolder, finds_a_transformer_in_a_folder_of_its_own) {
  const auto& variant = variant_named(golden_, "mean");
  const TinyFolder folder(golden_, variant);
  auto modules = variant["files"]["modules.json"];
  modules[0]["path"] = "0_Transformer";
  modules[0]["type"] = "sentence_transformers.base.modules.transformer.Transformer";
  const std::filesystem::path root = folder.path();
  std::filesystem::create_directories(root / "0_Transformer");
  for (const auto* name : {"config.json", "sentence_bert_config.json", "tokenizer_config.json", "vocab.txt",
                           "model.safetensors"}) {
    std::filesystem::rename(root / name, root / "0_Transformer" / name);
  }
  folder.write("modules.json", modules.dump());
  folder.write("1_Pooling/config.json", R"({"embedding_dimension": 16, "pooling_mode": "mean"})");
  EXPECT_LE(difference(bert(folder.path())->encode(text_batch(sentences_)), rows_of(variant["embeddings"])),
            2e-6);
}

TEST_F(BertFolder, says_what_it_cannot_compute) {
  const auto& variant = variant_named(golden_, "mean");
  const auto refusal = [&](const char* file, const json& change) {
    const TinyFolder folder(golden_, variant);
    auto content = variant["files"].value(file, json::object());
    if (change.is_array()) {
      content = change;
    } else {
      content.update(change);
    }
    folder.write(file, content.dump());
    return thrown([&] { bert(folder.path()); });
  };
  EXPECT_THAT(
      refusal("config.json", {{"model_type", "mpnet"}}),
      AllOf(HasSubstr("config.json has \"model_type\" as \"mpnet\""), HasSubstr("expected \"bert\"")));
  EXPECT_THAT(refusal("config.json", {{"position_embedding_type", "relative_key"}}),
              HasSubstr("relative_key"));
  EXPECT_THAT(refusal("config.json", {{"hidden_act", "silu"}}), HasSubstr("expected gelu, gelu_new or relu"));
  EXPECT_THAT(refusal("config.json", {{"hidden_size", nullptr}}),
              HasSubstr("has no \"hidden_size\", expected a whole number"));
  EXPECT_THAT(refusal("config.json", {{"hidden_size", "16"}}), HasSubstr("\"hidden_size\" as \"16\""));
  EXPECT_THAT(refusal("config.json", {{"num_attention_heads", 3}}),
              HasSubstr("3 attention heads do not divide"));
  EXPECT_THAT(refusal("config.json", {{"num_hidden_layers", 0}}), HasSubstr("expected 1 to"));
  EXPECT_THAT(refusal("config.json", {{"num_hidden_layers", 4097}}), HasSubstr("expected 1 to 4096"));
  EXPECT_THAT(refusal("config.json", {{"vocab_size", 80}}), HasSubstr("they belong to two models"));
  EXPECT_THAT(refusal("sentence_bert_config.json", {{"max_seq_length", 1}}),
              HasSubstr("expected 2 at least"));
  EXPECT_THAT(refusal("1_Pooling/config.json", {{"pooling_mode_lasttoken", true}}),
              HasSubstr("pooling_mode_lasttoken"));
  EXPECT_THAT(refusal("1_Pooling/config.json", {{"pooling_mode", "weightedmean"}}),
              HasSubstr("weightedmean"));
  auto modules = variant["files"]["modules.json"];
  EXPECT_THAT(refusal("modules.json", json::array({modules[0]})), HasSubstr("lists 1 modules"));
  auto outside = modules;
  outside[1]["path"] = "../1_Pooling";
  EXPECT_THAT(refusal("modules.json", outside), HasSubstr("\"../1_Pooling\", which leaves its folder"));
  modules.push_back({{"idx", 2}, {"path", "2_Dense"}, {"type", "sentence_transformers.models.Dense"}});
  EXPECT_THAT(refusal("modules.json", modules), HasSubstr("the module Dense at place 3"));
  EXPECT_THAT(thrown([&] { bert("/nowhere"); }), HasSubstr("/nowhere has no config.json"));
}

TEST_F(BertFolder, checks_its_parameters_and_batches) {
  const TinyFolder folder(golden_, variant_named(golden_, "mean"));
  for (const int64_t length : {1, 21}) {
    EXPECT_THAT(thrown([&] {
                  bert(folder.path(), {{"max_length", length}});
                }),
                HasSubstr("expected 2 to 20"));
  }
  const auto encoder = bert(folder.path());
  EXPECT_THAT(thrown([&] { encoder->encode({at::zeros({2, 3}), {}, {}}); }), HasSubstr("holds no texts"));
  EXPECT_THAT(thrown([&] {
                encoder->encode({at::zeros({2, 3}, at::kByte), {}, {}});
              }),
              HasSubstr("B lengths"));
  EXPECT_EQ(encoder->encode(text_batch({"", ""})).size(0), 2);
  folder.remove("model.safetensors");
  folder.write("model.safetensors.index.json",
               R"({"weight_map": {"embeddings.word_embeddings.weight": "a"}})");
  EXPECT_THAT(thrown([&] { bert(folder.path()); }), HasSubstr("not beside it: a"));
}

}  // namespace
}  // namespace kindred
