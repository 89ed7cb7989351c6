#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "component.hpp"
#include "kindred/head.hpp"
#include "sum_over_threads.hpp"
#include "temporary_folder.hpp"

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

TEST(GatedHead, weighs_each_number_and_starts_near_one) {
  const auto one = head("kindred.gated");
  const auto x = at::rand({5, 6});
  EXPECT_LE((one->forward(x) - x * std::tanh(2.0)).abs().max().item<double>(), 1e-6);
  named(*one).at("gates").fill_(0);
  EXPECT_EQ(one->forward(x).abs().max().item<double>(), 0);
}

TEST(StackedHead, has_activations_between_layers_and_none_at_the_end) {
  at::manual_seed(3);
  const auto one = head("kindred.stacked", {{"dimensions", {5, 4, 3}}, {"activation", "tanh"}});
  auto tensors = named(*one);
  auto x = at::rand({7, 6});
  const auto got = one->forward(x);
  for (int i = 0; i < 3; ++i) {
    const auto name = "fc_" + std::to_string(i);
    x = at::addmm(tensors.at(name + ".bias"), i == 0 ? x : x.tanh(), tensors.at(name + ".weight").t());
  }
  EXPECT_LE((got - x).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(one->output_dimension(), 3);
  EXPECT_THROW(head("kindred.stacked", {{"dimensions", nlohmann::json::array()}}), std::runtime_error);
}

TEST(WideningHead, goes_through_a_wider_layer) {
  const auto one = head("kindred.widening", {{"factor", 2.5}});
  auto tensors = named(*one);
  EXPECT_EQ(tensors.at("fc_0.weight").size(0), 15);
  EXPECT_EQ(tensors.at("fc_1.weight").size(0), 6);
  EXPECT_EQ(one->output_dimension(), 6);
}

TEST(QuantizeHead, gives_what_codes_can_tell_and_lets_gradients_through) {
  at::manual_seed(5);
  const auto x = at::randn({4, 9});
  const auto weights = at::randn({4, 9});
  for (const auto* to : {"int8", "binary"}) {
    const auto one = head("kindred.quantize", {{"to", to}}, 9);
    const auto rounded = one->forward(x);
    EXPECT_TRUE(at::allclose(one->forward(rounded), rounded, 1e-6, 0))
        << to << ": codes of codes are the same";
    one->train(true);
    const auto learning = x.clone().requires_grad_(true);
    const auto trained = one->forward(learning);
    EXPECT_TRUE(at::allclose(trained, rounded, 1e-6, 1e-7)) << to;
    (trained * weights).sum().backward();
    EXPECT_TRUE(at::equal(learning.grad(), weights)) << to;
    for (const double broken : {std::nan(""), HUGE_VAL}) {
      EXPECT_TRUE(one->forward(at::full({1, 9}, broken)).isnan().all().item<bool>()) << to << " " << broken;
    }
  }
  const auto bytes = head("kindred.quantize", {{"to", "int8"}}, 9)->forward(x);
  const auto steps = bytes / x.abs().amax(1, true) * 127;
  EXPECT_TRUE(at::allclose(steps, steps.round(), 0, 1e-3));
  EXPECT_LE((bytes - x).abs().div(x.abs().amax(1, true)).max().item<double>(), 0.5001 / 127);
  const auto bits = head("kindred.quantize", {{"to", "binary"}}, 9)->forward(x);
  EXPECT_TRUE(at::equal(bits, at::where(x >= 0, at::full({}, 1.0F / 3), at::full({}, -1.0F / 3))));
  EXPECT_EQ(
      head("kindred.quantize", {{"to", "int8"}}, 9)->forward(at::zeros({2, 9})).abs().max().item<float>(), 0);
}

TEST(SoftmaxEmbeddingsHead, gives_a_distribution_per_group) {
  at::manual_seed(4);
  const auto one = head("kindred.softmax_embeddings", {{"groups", 3}, {"size", 4}});
  const auto y = one->forward(at::randn({5, 6}));
  ASSERT_EQ(y.size(1), 12);
  EXPECT_LE((y.view({5, 3, 4}).sum(2) - 1).abs().max().item<double>(), 1e-6);
  EXPECT_GT(y.min().item<double>(), 0);
}

TEST(BatchNormHead, normalises_by_the_batch_while_training_and_by_running_statistics_after) {
  at::manual_seed(5);
  const auto one = head("kindred.batch_norm");
  const auto x = at::randn({64, 6}) * 3 + 2;
  EXPECT_LE((one->forward(x) - x).abs().max().item<double>(), 1e-3) << "nothing is known yet";
  one->train(true);
  EXPECT_LE(one->forward(x).mean({0}).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(one->forward(x.slice(0, 0, 1)).isfinite().all().item<bool>()) << "a batch of one";
  for (int i = 0; i < 200; ++i) one->forward(x);
  one->train(false);
  EXPECT_LE((one->forward(x).std(0, false) - 1).abs().max().item<double>(), 0.02);
}

TEST(BatchNormHead, and_others_with_norms_divide_by_the_statistics_of_all_processes) {
  const std::pair<const char*, nlohmann::json> heads[] = {
      {"kindred.batch_norm", nlohmann::json::object()},
      {"kindred.projection", {{"dimension", 4}, {"hidden", 5}, {"batch_norm", true}}},
      {"kindred.sequential", {{"layers", {{{"linear", 5}}, "batch_norm", "relu", {{"linear", 3}}}}}}};
  const auto x = at::arange(42).mul(0.9).sin().to(at::kFloat).reshape({7, 6});
  for (const auto& [id, params] : heads) {
    SCOPED_TRACE(id);
    const auto made = [id = id, &params = params] {
      at::manual_seed(4);
      auto one = head(id, params);
      one->train(true);
      return one;
    };
    const auto alone = made(), left = made(), right = made();
    const auto expected = alone->forward(x);
    std::vector<at::Tensor> parts(2);
    testing::as_processes(2, [&](int64_t rank, const auto& sum) {
      auto& mine = rank == 0 ? *left : *right;
      EXPECT_TRUE(dynamic_cast<SharesStatistics&>(mine).share_statistics(sum));
      parts[static_cast<size_t>(rank)] = mine.forward(rank == 0 ? x.slice(0, 0, 1) : x.slice(0, 1));
    });
    EXPECT_TRUE(at::allclose(at::cat(parts), expected, 1e-5, 1e-5));
    for (size_t i = 0; i < alone->buffers().size(); ++i) {
      EXPECT_TRUE(at::allclose(left->buffers()[i].tensor, alone->buffers()[i].tensor, 1e-5, 1e-6));
    }
    dynamic_cast<SharesStatistics&>(*left).share_statistics(nullptr);
    EXPECT_TRUE(at::allclose(left->forward(x), alone->forward(x), 1e-6, 1e-6)) << "alone again";
  }
}

TEST(L2NormalizeHead, gives_length_one) {
  auto x = at::rand({4, 6});
  x[2].zero_();
  const auto lengths = head("kindred.l2_normalize")->forward(x).norm(2, {1});
  EXPECT_TRUE(at::allclose(lengths, at::tensor(std::vector<float>{1, 1, 0, 1})));
}

TEST(DropoutHead, drops_while_training_only) {
  at::manual_seed(6);
  const auto one = head("kindred.dropout", {{"probability", 0.5}}, 200);
  const auto x = at::ones({1, 200});
  EXPECT_TRUE(at::equal(one->forward(x), x));
  one->train(true);
  EXPECT_NEAR((one->forward(x) == 0).sum().item<double>(), 100, 40);
}

TEST(DropoutHead, keeps_the_mean_and_repeats_with_the_generator_whatever_the_threads) {
  const auto one = head("kindred.dropout", {{"probability", 0.3}}, 501);
  one->train(true);
  const auto x = at::ones({401, 501});  // an odd number of elements, in several tasks
  at::manual_seed(11);
  const auto first = one->forward(x), second = one->forward(x);
  EXPECT_NEAR((first == 0).to(at::kDouble).mean().item<double>(), 0.3, 0.005);
  EXPECT_NEAR(first.mean().item<double>(), 1, 0.01);
  // No row, column or neighbour tells what another one gets.
  const auto dropped = (first == 0).to(at::kDouble);
  EXPECT_NEAR((dropped.slice(1, 0, 500) * dropped.slice(1, 1, 501)).mean().item<double>(), 0.09, 0.005);
  EXPECT_NEAR((dropped.slice(0, 0, 400) * dropped.slice(0, 1, 401)).mean().item<double>(), 0.09, 0.005);
  EXPECT_NEAR((dropped * (second == 0)).mean().item<double>(), 0.09, 0.005);
  const auto threads = at::get_num_threads();
  at::set_num_threads(1);
  at::manual_seed(11);
  EXPECT_TRUE(at::equal(one->forward(x), first));
  at::set_num_threads(threads);
}

TEST(DropoutHead, passes_gradients_through_what_it_kept) {
  const auto one = head("kindred.dropout", {{"probability", 0.25}}, 40);
  one->train(true);
  const auto x = at::rand({3, 40}).add_(1).requires_grad_();
  const auto y = one->forward(x);
  y.sum().backward();
  EXPECT_TRUE(at::allclose(x.grad() * x.detach(), y.detach()));
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

TEST(SequentialHead, applies_its_layers_in_order) {
  at::manual_seed(7);
  const auto one = head("kindred.sequential", {{"layers",
                                                {{{"linear", 5}},
                                                 "tanh",
                                                 {{"dropout", 0.5}},
                                                 "layer_norm",
                                                 "gelu",
                                                 {{"linear", 3}},
                                                 "l2_normalize"}}});
  EXPECT_EQ(one->output_dimension(), 3);
  std::vector<std::string> names;
  for (const auto& entry : one->parameters()) names.push_back(entry.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"0.weight", "0.bias", "3.weight", "3.bias", "5.weight", "5.bias"}));
  auto tensors = named(*one);
  tensors.at("3.weight").copy_(at::rand({5}));
  tensors.at("3.bias").copy_(at::rand({5}));
  const auto linear = [&](const at::Tensor& x, const std::string& place) {
    return x.matmul(tensors.at(place + ".weight").t()) + tensors.at(place + ".bias");
  };
  const auto x = at::rand({4, 6});
  auto y = linear(x, "0").tanh();
  y = (y - y.mean({1}, true)) / (y.var(1, false).unsqueeze(1) + 1e-5).sqrt();
  y = linear(at::gelu(y * tensors.at("3.weight") + tensors.at("3.bias")), "5");
  EXPECT_LE((one->forward(x) - y / y.norm(2, {1}, true)).abs().max().item<double>(), 1e-5);
  one->train(true);
  EXPECT_FALSE(at::equal(one->forward(x), one->forward(x))) << "dropout, while training";
}

TEST(SequentialHead, lets_gradients_through_and_keeps_running_statistics_in_buffers) {
  at::manual_seed(8);
  const auto one = head("kindred.sequential", {{"layers", {{{"linear", 4}}, "batch_norm", "silu"}}});
  ASSERT_EQ(one->buffers().size(), 2U);
  EXPECT_EQ(one->buffers()[0].name, "1.running_mean");
  EXPECT_EQ(one->buffers()[1].name, "1.running_var");
  const auto x = at::randn({16, 6}).requires_grad_(true);
  one->forward(x);
  EXPECT_EQ(one->buffers()[0].tensor.abs().max().item<double>(), 0);
  one->train(true);
  for (const auto& entry : one->parameters()) entry.tensor.requires_grad_(true);
  (one->forward(x) * at::randn({16, 4})).sum().backward();
  EXPECT_GT(one->buffers()[0].tensor.abs().max().item<double>(), 0);
  EXPECT_TRUE(x.grad().defined());
  for (const auto& entry : one->parameters()) EXPECT_TRUE(entry.tensor.grad().defined()) << entry.name;
}

TEST(SequentialHead, uses_the_tensors_that_it_gives) {
  const auto one = head("kindred.sequential");
  EXPECT_EQ(one->output_dimension(), 128);
  for (const auto& entry : one->parameters()) entry.tensor.set_data(at::zeros_like(entry.tensor));
  EXPECT_EQ(one->forward(at::rand({2, 6})).abs().max().item<double>(), 0);
}

TEST(SequentialHead, says_which_entry_is_no_layer) {
  using ::testing::HasSubstr;
  const auto refused = [](const nlohmann::json& layers) {
    return testing::thrown([&] { head("kindred.sequential", {{"layers", layers}}); });
  };
  const auto word = refused({{{"linear", 4}}, "rellu"});
  EXPECT_THAT(word, HasSubstr("entry 1 of \"layers\", \"rellu\", is no layer; did you mean \"relu\"?"));
  EXPECT_THAT(word, HasSubstr("\"layer_norm\""));
  EXPECT_THAT(refused({{{"linear", 0}}}), HasSubstr("entry 0 of \"layers\", {\"linear\":0}, is no layer"));
  for (const nlohmann::json& entry :
       {nlohmann::json{{"dropout", 1}}, nlohmann::json{{"linear", 2.5}}, nlohmann::json{{"linear", "4"}},
        nlohmann::json{{"linear", 4}, {"dropout", 0.1}}, nlohmann::json(7), nlohmann::json("linear"),
        nlohmann::json::object(), nlohmann::json(nullptr)}) {
    EXPECT_THAT(refused(nlohmann::json::array({entry})), HasSubstr("entry 0")) << entry;
  }
  EXPECT_THAT(refused(nlohmann::json::array()), HasSubstr("at least one layer"));
  EXPECT_THAT(refused("relu"), HasSubstr("must be an array"));
}

TEST(SliceHead, takes_numbers_from_a_place_on) {
  const auto x = at::arange(12, at::kFloat).view({2, 6}).requires_grad_(true);
  const auto middle = head("kindred.slice", {{"first", 1}, {"count", 3}});
  EXPECT_EQ(middle->output_dimension(), 3);
  EXPECT_TRUE(at::equal(middle->forward(x), x.slice(1, 1, 4)));
  middle->forward(x).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::tensor({0.f, 1.f, 1.f, 1.f, 0.f, 0.f}).expand({2, 6})));
  const auto rest = head("kindred.slice", {{"first", 4}});
  EXPECT_TRUE(at::equal(rest->forward(x), x.slice(1, 4, 6)));
  EXPECT_THAT(testing::thrown([] {
                head("kindred.slice", {{"first", 4}, {"count", 3}});
              }),
              ::testing::HasSubstr("expected places of an embedding of 6 numbers"));
  EXPECT_THAT(testing::thrown([] {
                head("kindred.slice", {{"first", 6}});
              }),
              ::testing::HasSubstr("\"first\" is 6"));
}

TEST(EmptyHead, passes_on) {
  const auto x = at::rand({2, 6});
  EXPECT_TRUE(at::equal(head("kindred.empty")->forward(x), x));
}

}  // namespace
}  // namespace kindred
