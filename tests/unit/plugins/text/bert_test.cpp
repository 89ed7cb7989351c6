#include <algorithm>

#include "bert_fixture.hpp"

namespace kindred {
namespace {

using nlohmann::json;
using testing::bert;
using testing::difference;
using testing::golden;
using testing::rows_of;
using testing::sentences_of;
using testing::text_batch;
using testing::TinyFolder;
using testing::variant_named;

class Bert : public testing::BertTest {};

TEST_F(Bert, gives_what_sentence_transformers_gave) {
  for (const auto& variant : golden_["variants"]) {
    const TinyFolder folder(golden_, variant);
    const auto encoder = bert(folder.path());
    const auto expected = rows_of(variant["embeddings"]);
    EXPECT_EQ(encoder->object_kind(), ObjectKind::text);
    EXPECT_EQ(encoder->dimension(), expected.size(1)) << variant["name"];
    const double rounding = 2e-6 * std::max(1.0, expected.abs().max().item<double>());
    EXPECT_LE(difference(encoder->encode(text_batch(sentences_)), expected), rounding) << variant["name"];
  }
}

TEST_F(Bert, gives_the_embeddings_of_minilm) {
  KINDRED_MINILM_OR_SKIP(folder);
  const auto expected = golden("golden_minilm.json");
  const auto sentences = sentences_of(expected);
  const auto encoder = bert(folder);
  std::vector<at::Tensor> rows;
  for (size_t i = 0; i < sentences.size(); i += 20) {
    rows.push_back(encoder->encode(text_batch({sentences.begin() + static_cast<std::ptrdiff_t>(i),
                                               sentences.begin() + static_cast<std::ptrdiff_t>(i + 20)})));
  }
  const auto out = at::cat(rows).to(at::kDouble);
  const auto places = at::arange(out.size(1), at::kLong);
  const auto fixed = (at::remainder(places * 37, 101) - 50).to(at::kDouble) / 50;
  const auto column = [&](const char* name) {
    return at::tensor(expected[name].get<std::vector<double>>(), at::kDouble);
  };
  const auto first = difference(out.slice(1, 0, 8), rows_of(expected["first"]));
  const auto norm = difference(out.norm(2, {1}), column("norm"));
  const auto product = difference(at::mv(out, fixed), column("product"));
  EXPECT_LE(first, 1e-5);
  EXPECT_LE(norm, 1e-5);
  EXPECT_LE(product, 1e-4);
  RecordProperty("largest_difference", std::to_string(std::max({first, norm, product})));
}

TEST_F(Bert, embeds_a_text_alone_as_in_a_batch) {
  const TinyFolder folder(golden_, variant_named(golden_, "all_poolings"));
  const auto encoder = bert(folder.path());
  const auto all = encoder->encode(text_batch(sentences_));
  const double rounding = 1e-6 * all.abs().max().item<double>();
  for (size_t i = 0; i < sentences_.size(); ++i) {
    EXPECT_LE(difference(encoder->encode(text_batch({sentences_[i]}))[0], all[static_cast<int64_t>(i)]),
              rounding);
  }
}

TEST_F(Bert, packs_every_linear_layer_for_inference_until_it_is_trained) {
  const TinyFolder folder(golden_, variant_named(golden_, "all_poolings"));
  const auto encoder = bert(folder.path());
  at::NoGradGuard no_grad;
  const auto batch = text_batch(sentences_);
  const auto before = encoder->encode(batch);
  encoder->prepare_for_inference(at::kFloat);
  const auto prepared = encoder->encode(batch);
  EXPECT_LE(difference(prepared, before), 2e-6 * std::max(1.0, before.abs().max().item<double>()));
  if (at::equal(prepared, before)) GTEST_SKIP() << "no product of our own on this processor";
  for (auto& one : encoder->parameters()) {
    if (one.name.find("dense.weight") != std::string::npos || one.name.find("self.") != std::string::npos)
      one.tensor.zero_();
  }
  EXPECT_TRUE(at::equal(encoder->encode(batch), prepared)) << "a layer computes from its tensor";
  encoder->train(true);
  encoder->train(false);
  EXPECT_GT(difference(encoder->encode(batch), prepared), 1e-3);
}

TEST_F(Bert, lives_on_without_its_weights_file) {
  const TinyFolder folder(golden_, variant_named(golden_, "mean"));
  const auto first = bert(folder.path());
  folder.remove("model.safetensors");
  const auto second = bert(folder.path(), json::object(), {0, 0, 1}),
             third = bert(folder.path(), {}, {0, 0, 2});
  const auto batch = text_batch(sentences_);
  EXPECT_TRUE(second->encode(batch).isfinite().all().item<bool>());
  EXPECT_GT(difference(second->encode(batch), third->encode(batch)), 1e-3) << "the seed is not used";
  const auto source = first->parameters(), target = second->parameters();
  ASSERT_EQ(source.size(), golden_["tensors"].size());
  for (size_t i = 0; i < source.size(); ++i) {
    ASSERT_EQ(source[i].name, target[i].name);
    EXPECT_TRUE(golden_["tensors"].contains(source[i].name)) << source[i].name;
    target[i].tensor.copy_(source[i].tensor);
  }
  EXPECT_EQ(difference(first->encode(batch), second->encode(batch)), 0);
}

TEST_F(Bert, drops_at_random_only_while_training) {
  const TinyFolder folder(golden_, variant_named(golden_, "mean"));
  const auto encoder = bert(folder.path());
  const auto batch = text_batch(sentences_);
  const auto quiet = encoder->encode(batch);
  EXPECT_EQ(difference(encoder->encode(batch), quiet), 0);
  encoder->train(true);
  EXPECT_GT(difference(encoder->encode(batch), quiet), 1e-3);
  encoder->train(false);
  EXPECT_EQ(difference(encoder->encode(batch), quiet), 0);
}

TEST_F(Bert, has_a_gradient_for_all_that_a_text_uses) {
  at::AutoGradMode on(true);
  const TinyFolder folder(golden_, variant_named(golden_, "normalized"));
  const auto encoder = bert(folder.path());
  for (auto& one : encoder->parameters()) one.tensor.requires_grad_(true);
  encoder->encode(text_batch(sentences_)).select(1, 0).sum().backward();
  for (const auto& one : encoder->parameters()) {
    ASSERT_TRUE(one.tensor.grad().defined()) << one.name;
    EXPECT_TRUE(one.tensor.grad().isfinite().all().item<bool>()) << one.name;
  }
}

}  // namespace
}  // namespace kindred
