#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>

#include "component.hpp"
#include "kindred/head.hpp"

namespace kindred {
namespace {

std::shared_ptr<Head> head(const char* id, const nlohmann::json& params = nlohmann::json::object(),
                           int64_t dimension = 6) {
  Site site;
  site.input_dimension = dimension;
  return testing::make<Head>("core", id, params, site);
}

std::map<std::string, at::Tensor> named(Head& one) {
  std::map<std::string, at::Tensor> all;
  for (const auto& entry : one.parameters()) all[entry.name] = entry.tensor;
  return all;
}

TEST(SkipConnectionHead, starts_at_the_reference_s_values) {
  at::manual_seed(1);
  const auto one = head("kindred.skip_connection");
  const auto x = at::rand({5, 6});
  auto tensors = named(*one);
  ASSERT_EQ(tensors.size(), 3u);
  EXPECT_TRUE(at::equal(tensors.at("gates_0"), at::full({6}, -4.0)));
  EXPECT_LE(tensors.at("fc_0.weight").abs().max().item<double>(), 1 / std::sqrt(6.0));
  const auto expected = (x.matmul(tensors.at("fc_0.weight").t()) + tensors.at("fc_0.bias")) *
                            at::sigmoid(tensors.at("gates_0")) +
                        x;
  EXPECT_LE((one->forward(x) - expected).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(one->output_dimension(), 6);
}

TEST(SkipConnectionHead, dropout_is_on_while_training_only_and_hits_the_skip_path_too) {
  at::manual_seed(2);
  const auto one = head("kindred.skip_connection", {{"dropout", 0.5}}, 200);
  named(*one).at("fc_0.weight").zero_();
  named(*one).at("fc_0.bias").zero_();
  const auto x = at::ones({1, 200});
  EXPECT_TRUE(at::equal(one->forward(x), x));
  one->train(true);
  const auto y = one->forward(x);
  const auto zeros = (y == 0).sum().item<int64_t>();
  EXPECT_GT(zeros, 60);
  EXPECT_LT(zeros, 140);
  EXPECT_TRUE(at::equal(std::get<0>(at::_unique(y)), at::tensor(std::vector<float>{0, 2})));

  const auto branch = head("kindred.skip_connection", {{"skip_dropout", 0.5}}, 200);
  named(*branch).at("fc_0.weight").zero_();
  named(*branch).at("fc_0.bias").zero_();
  branch->train(true);
  EXPECT_TRUE(at::equal(branch->forward(x), x));
}

TEST(SkipConnectionHead, layers_have_their_own_tensors) {
  EXPECT_EQ(head("kindred.skip_connection", {{"layers", 3}})->parameters().size(), 9u);
}

TEST(ProjectionHead, shapes_and_running_statistics) {
  at::manual_seed(3);
  const auto x = at::rand({8, 6});
  EXPECT_EQ(head("kindred.projection", {{"dimension", 3}})->forward(x).sizes(), (std::vector<int64_t>{8, 3}));
  const auto one = head("kindred.projection", {{"dimension", 3}, {"hidden", 5}, {"batch_norm", true}});
  EXPECT_EQ(one->output_dimension(), 3);
  const auto before = one->buffers()[0].tensor.clone();
  one->forward(x);
  EXPECT_TRUE(at::equal(one->buffers()[0].tensor, before));
  one->train(true);
  EXPECT_EQ(one->forward(x).sizes(), (std::vector<int64_t>{8, 3}));
  EXPECT_FALSE(at::equal(one->buffers()[0].tensor, before));
  EXPECT_NO_THROW(one->forward(x.slice(0, 0, 1))) << "a last batch of one sample";
}

TEST(EmptyHead, passes_on) {
  const auto x = at::rand({2, 6});
  EXPECT_TRUE(at::equal(head("kindred.empty")->forward(x), x));
}

}  // namespace
}  // namespace kindred
