#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "component.hpp"
#include "double_loss.hpp"
#include "kindred/distance.hpp"
#include "kindred/loss.hpp"
#include "numeric_gradient.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using testing::expect_gradient;
using testing::make_double_loss;
using testing::random_matrix;

const std::vector<std::pair<const char*, json>>& all_losses() {
  static const std::vector<std::pair<const char*, json>> list = {
      {"kindred.triplet", {{"mining", "all"}, {"margin", 0.3}}},
      {"kindred.triplet", {{"mining", "all"}, {"margin", 0.3}, {"average", "all"}, {"distance", "dot"}}},
      {"kindred.triplet", {{"mining", "semi_hard"}, {"margin", 0.4}, {"distance", "euclidean"}}},
      {"kindred.triplet", {{"mining", "hard"}}},
      {"kindred.triplet", {{"mining", "hard"}, {"scale_by_negatives", false}, {"distance", "euclidean"}}},
      {"kindred.triplet", {{"mining", "hard"}, {"soft", true}}},
      {"kindred.triplet", {{"mining", "all"}, {"soft", true}, {"distance", "euclidean"}}},
      {"kindred.triplet", {{"mining", "semi_hard"}, {"soft", true}, {"margin", 0.4}}},
      {"kindred.supervised_contrastive", {{"temperature", 0.2}}},
      {"kindred.multi_similarity", {{"beta", 10.0}}},
      {"kindred.multi_similarity", {{"mining", false}}},
      {"kindred.contrastive", {{"negative_margin", 1.2}}},
      {"kindred.contrastive", {{"squared", true}, {"average", "all"}, {"distance", "lp"}, {"p", 3.0}}},
      {"kindred.contrastive", {{"distance", "manhattan"}, {"negative_margin", 3.0}}},
      {"kindred.online_contrastive", {{"margin", 1.2}}},
      {"kindred.online_contrastive", {{"mining", "all"}, {"squared", true}, {"distance", "euclidean"}}},
      {"kindred.nt_xent", {{"temperature", 0.3}}},
      {"kindred.lifted_structure", json::object()},
      {"kindred.lifted_structure", {{"generalized", true}, {"distance", "squared_euclidean"}}},
      {"kindred.fast_ap", {{"bins", 7}}},
      {"kindred.signal_to_noise", json::object()},
      {"kindred.angular", json::object()},
      {"kindred.margin", json::object()},
      {"kindred.margin", {{"learn_beta", true}, {"nu", 0.1}, {"distance", "cosine"}, {"beta", 0.6}}},
      {"kindred.tuplet_margin", {{"scale", 8.0}}},
      {"kindred.smooth_ap", {{"temperature", 0.1}}},
      {"kindred.recall_at_k_surrogate", {{"rank_temperature", 0.1}}}};
  return list;
}

/// Labels are rows of a table of classes.
const std::vector<std::pair<const char*, json>>& proxy_losses() {
  static const std::vector<std::pair<const char*, json>> list = {
      {"kindred.softmax", {{"temperature", 0.5}, {"bias", true}}},
      {"kindred.norm_softmax", {{"temperature", 0.2}}},
      {"kindred.arc_face", {{"scale", 8.0}}},
      {"kindred.arc_face", {{"scale", 8.0}, {"label_smoothing", 0.2}}},
      {"kindred.sub_center_arc_face", {{"scale", 8.0}}},
      {"kindred.cos_face", {{"scale", 8.0}}},
      {"kindred.curricular_face", {{"scale", 8.0}}},
      {"kindred.proxy_nca_plus_plus", json::object()},
      {"kindred.proxy_anchor", {{"alpha", 8.0}}},
      {"kindred.soft_triple", {{"regularizer", 0.2}}},
      {"kindred.center", json::object()},
      {"kindred.center", {{"normalize", false}}}};
  return list;
}

TEST(Losses, with_class_proxies_have_the_gradients_of_finite_differences) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 0, 1, 1, 2, 2, 2, 3}, at::kLong);
  for (const auto& [id, params] : proxy_losses()) {
    const auto what = std::string(id) + " " + params.dump();
    const auto loss = make_double_loss(id, params, {5, 6, 3});
    const auto x = random_matrix(9, 5, 3);
    expect_gradient([&] { return loss->forward(x, labels); }, x, what);
    for (const auto& one : loss->parameters()) {
      expect_gradient([&] { return loss->forward(x.detach(), labels); }, one.tensor, what + " " + one.name);
    }
  }
}

TEST(Losses, with_class_proxies_need_the_number_of_classes) {
  for (const auto& [id, params] : proxy_losses()) {
    EXPECT_THROW(testing::make<Loss>("core", id, params, {5, 0, 0}), std::runtime_error) << id;
    EXPECT_TRUE(testing::make<Loss>("core", id, params, {5, 2, 0})->traits().class_proxies) << id;
  }
}

TEST(Losses, with_class_proxies_draw_them_by_the_seed) {
  const auto first = [](uint64_t seed) {
    return testing::make<Loss>("core", "kindred.arc_face", json::object(), {5, 6, seed})
        ->parameters()[0]
        .tensor;
  };
  EXPECT_TRUE(at::equal(first(4), first(4)));
  EXPECT_FALSE(at::equal(first(4), first(5)));
}

TEST(Losses, gradient_of_the_learnt_boundary_is_right) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1, 1, 2}, at::kLong);
  const auto loss = make_double_loss("kindred.margin", {{"learn_beta", true}, {"nu", 0.3}}, {});
  const auto x = random_matrix(6, 5, 8);
  expect_gradient([&] { return loss->forward(x, labels); }, loss->parameters().at(0).tensor, "beta");
}

TEST(Losses, that_the_order_of_the_batch_decides_have_the_gradients_of_finite_differences) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 1, 0, 0, 3, 2, 1, 2, 1}, at::kLong);
  for (const json& params :
       {json{{"scale", 3.0}}, json{{"normalize", false}, {"l2_weight", 0.02}, {"scale", 1.0}}}) {
    const auto loss = testing::make<Loss>("core", "kindred.n_pairs", params);
    const auto x = random_matrix(9, 5, 3);
    expect_gradient([&] { return loss->forward(x, labels); }, x, params.dump());
  }
}

TEST(ArcFaceLoss, is_finite_where_a_sample_is_its_class) {
  const auto loss = make_double_loss("kindred.arc_face", json::object(), {5, 3, 1});
  auto x = loss->parameters()[0].tensor.detach().clone().requires_grad_(true);
  const auto value = loss->forward(x, at::arange(3, at::kLong));
  value.backward();
  EXPECT_TRUE(value.isfinite().item<bool>());
  EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(Losses, with_an_angular_margin_give_rare_classes_a_larger_one) {
  for (const auto* id : {"kindred.arc_face", "kindred.sub_center_arc_face"}) {
    Site site{5, 3, 1};
    const json dynamic = {{"scale", 8.0}, {"margin", 0.6}, {"margin_power", 0.25}, {"margin_offset", 0.05}};
    EXPECT_NO_THROW(testing::make<Loss>("core", id, dynamic, site))
        << "whoever asks what it takes knows no sizes";
    site.class_sizes = {1, 16, 81};  // of which 0.25 takes the fourth roots
    const auto loss = make_double_loss(id, dynamic, site);
    const auto x = random_matrix(4, 5, 3);
    const std::vector<double> expected = {0.6 + 0.05, 0.6 / 2 + 0.05, 0.6 / 3 + 0.05};
    for (int64_t label = 0; label < 3; ++label) {
      const auto constant =
          make_double_loss(id, {{"scale", 8.0}, {"margin", expected[static_cast<size_t>(label)]}}, site);
      const auto labels = at::full({4}, label, at::kLong);
      EXPECT_NEAR(loss->forward(x, labels).item<double>(), constant->forward(x, labels).item<double>(),
                  1e-12);
    }
    EXPECT_THROW(testing::make<Loss>("core", id, {{"margin", 1.4}, {"margin_offset", 0.2}}, site),
                 std::runtime_error);
  }
}

TEST(Losses, with_an_angular_margin_keep_their_gradients_where_samples_are_near_their_class) {
  const auto labels = at::arange(12).remainder(3);
  for (const auto* id : {"kindred.arc_face", "kindred.sub_center_arc_face", "kindred.curricular_face"}) {
    const auto single = testing::make<Loss>("core", id, {{"scale", 8.0}}, Site{16, 3, 1});
    const auto proxies = single->parameters().front().tensor;
    const auto per_class = proxies.size(0) / 3;
    const auto centers = proxies.index_select(0, labels * per_class);
    const auto x = centers + 0.002 * centers.norm(2, 1).mean() * random_matrix(12, 16, 5).to(at::kFloat);
    const auto gradient = [&](Loss& loss, at::ScalarType type) {
      const auto leaf = x.detach().clone().to(type).requires_grad_();
      loss.forward(leaf, labels).backward();
      return leaf.grad().to(at::kDouble);
    };
    const auto exact = gradient(*make_double_loss(id, {{"scale", 8.0}}, Site{16, 3, 1}), at::kDouble);
    const auto found = gradient(*single, at::kFloat);
    EXPECT_LT((found - exact).abs().max().item<double>(), 1e-4 * exact.abs().max().item<double>()) << id;
  }
}

TEST(CosFaceLoss, falls_as_the_own_class_comes_nearer) {
  const auto loss = make_double_loss("kindred.cos_face", json::object(), {2, 2, 1});
  loss->parameters()[0].tensor.set_data(at::eye(2, at::kDouble));
  double before = 1e9;
  for (const double angle : {1.2, 0.9, 0.6, 0.3, 0.0}) {
    const auto x =
        at::tensor(std::vector<double>{std::cos(angle), std::sin(angle)}, at::kDouble).view({1, 2});
    const double value = loss->forward(x, at::zeros({1}, at::kLong)).item<double>();
    EXPECT_LT(value, before) << angle;
    before = value;
  }
}

TEST(CurricularFaceLoss, learns_its_mean_cosine_only_while_training) {
  const auto loss = testing::make<Loss>("core", "kindred.curricular_face", {{"momentum", 0.5}}, {5, 6, 1});
  const auto x = loss->parameters()[0].tensor.detach().slice(0, 0, 3).clone();  // cosines of 1
  const auto labels = at::arange(3, at::kLong);
  loss->forward(x, labels);
  EXPECT_EQ(loss->buffers()[0].tensor.item<float>(), 0);
  loss->train(true);
  loss->forward(x, labels);
  EXPECT_NEAR(loss->buffers()[0].tensor.item<float>(), 0.5, 1e-6);
}

TEST(SmoothApLoss, equals_the_sum_over_ranks) {
  const auto x = random_matrix(10, 4, 21);
  const std::vector<int64_t> label = {0, 1, 2, 0, 1, 2, 0, 0, 1, 3};
  const double temperature = 0.1, rank_temperature = 0.2;
  const auto s = l2_normalized(x).matmul(l2_normalized(x).t());
  const auto sigma = [](double z) { return 1 / (1 + std::exp(-z)); };
  double precision = 0, recall = 0;
  int64_t queries = 0;
  for (size_t q = 0; q < 10; ++q) {
    double sum = 0, hits = 0;
    int64_t positives = 0;
    const auto at_ks = [&](double rank, int64_t count) {
      double out = 0;
      for (const int64_t k : {1, 2, 4, 8, 16}) {
        out += sigma(static_cast<double>(k) + 0.5 - rank) / static_cast<double>(std::min(k, count)) / 5;
      }
      return out;
    };
    const auto count = std::count(label.begin(), label.end(), label[q]) - 1;
    for (size_t i = 0; i < 10; ++i) {
      if (i == q || label[i] != label[q]) continue;
      double among = 1, overall = 1, rank = 1;
      for (size_t j = 0; j < 10; ++j) {
        if (j == q || j == i) continue;
        const double gap = (s[static_cast<int64_t>(q)][static_cast<int64_t>(j)] -
                            s[static_cast<int64_t>(q)][static_cast<int64_t>(i)])
                               .item<double>();
        overall += sigma(gap / temperature);
        if (label[j] == label[q]) among += sigma(gap / temperature);
        rank += sigma(gap / rank_temperature);
      }
      sum += among / overall;
      hits += at_ks(rank, count);
      ++positives;
    }
    if (positives == 0) continue;
    ++queries;
    precision += sum / static_cast<double>(positives);
    recall += hits;
  }
  const auto labels = at::tensor(label, at::kLong);
  const auto value = [&](const char* id, const json& params) {
    return testing::make<Loss>("core", id, params)->forward(x, labels).item<double>();
  };
  EXPECT_NEAR(value("kindred.smooth_ap", {{"temperature", temperature}}),
              1 - precision / static_cast<double>(queries), 1e-12);
  EXPECT_NEAR(value("kindred.recall_at_k_surrogate", {{"rank_temperature", rank_temperature}}),
              1 - recall / static_cast<double>(queries), 1e-12);
}

TEST(OnlineContrastiveLoss, is_not_its_own_hardest_negative) {
  // Two tight classes far apart: the loss of Quaterion, for which a sample is its own negative, stays at
  // margin / 2.
  const auto x = at::tensor(std::vector<double>{1, 0, 1, 0.01, 0, 1, 0.01, 1}, at::kDouble).view({4, 2});
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong);
  EXPECT_LT(testing::make<Loss>("core", "kindred.online_contrastive")->forward(x, labels).item<double>(),
            1e-3);
}

TEST(Losses, gradients_equal_finite_differences) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 0, 1, 1, 2, 2, 2, 3}, at::kLong);
  const double step = 1e-6;
  for (const auto& [id, params] : all_losses()) {
    const auto loss = testing::make<Loss>("core", id, params);
    auto x = random_matrix(9, 5, 3).requires_grad_(true);
    loss->forward(x, labels).backward();
    const auto gradient = x.grad().clone();
    const auto base = x.detach();
    for (int64_t i = 0; i < base.numel(); ++i) {
      auto plus = base.clone(), minus = base.clone();
      plus.view(-1)[i] += step;
      minus.view(-1)[i] -= step;
      const double difference =
          (loss->forward(plus, labels) - loss->forward(minus, labels)).item<double>() / (2 * step);
      EXPECT_NEAR(gradient.view(-1)[i].item<double>(), difference, 2e-7)
          << id << " " << params << " entry " << i;
    }
  }
}

TEST(Losses, are_the_same_for_any_order_of_the_batch_and_any_names_of_the_classes) {
  const auto x = random_matrix(8, 4, 5);
  const auto labels = at::tensor(std::vector<int64_t>{0, 1, 0, 2, 1, 2, 0, 1}, at::kLong);
  const auto order = at::tensor(std::vector<int64_t>{3, 0, 7, 5, 1, 6, 2, 4}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    const auto loss = testing::make<Loss>("core", id, params);
    const double value = loss->forward(x, labels).item<double>();
    const double other =
        loss->forward(x.index_select(0, order), labels.index_select(0, order) * 1000003 + 7).item<double>();
    EXPECT_NEAR(value, other, 1e-12) << id << " " << params;
  }
}

TEST(Losses, of_normalised_embeddings_do_not_depend_on_their_length) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 0, 1, 1, 2, 2, 2, 3}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    if (params.value("distance", "") == "dot" && !params.value("normalize", true)) continue;
    auto normalizing = params;
    if (std::string(id) == "kindred.lifted_structure") normalizing["normalize"] = true;
    const auto loss = testing::make<Loss>("core", id, normalizing);
    auto x = random_matrix(9, 5, 3).requires_grad_(true), longer = (x.detach() * 3).requires_grad_(true);
    const auto value = loss->forward(x, labels), other = loss->forward(longer, labels);
    EXPECT_NEAR(value.item<double>(), other.item<double>(), 1e-12) << id << " " << params;
    value.backward();
    other.backward();
    EXPECT_LT((x.grad() - longer.grad() * 3).abs().max().item<double>(), 1e-9) << id << " " << params;
    // A gradient along the embedding itself would only change its length.
    EXPECT_LT((x.grad() * x).sum(1).abs().max().item<double>(), 1e-9) << id << " " << params;
  }
}

TEST(Losses, without_pairs_are_zero_with_a_gradient_path) {
  const auto different = at::arange(4, at::kLong), same = at::zeros({4}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    const auto loss = testing::make<Loss>("core", id, params);
    for (const auto& labels : {different, same}) {
      auto x = random_matrix(4, 3, 11).requires_grad_(true);
      const auto value = loss->forward(x, labels);
      ASSERT_TRUE(value.requires_grad()) << id << " " << params;
      value.backward();
      EXPECT_TRUE(at::isfinite(x.grad()).all().item<bool>()) << id << " " << params;
      EXPECT_TRUE(at::isfinite(value).item<bool>());
      const bool triplet = std::string(id) == "kindred.triplet";
      if (triplet) {
        EXPECT_EQ(value.item<double>(), 0) << params;
      }
    }
  }
}

TEST(Losses, collapsed_embeddings_keep_finite_gradients) {
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong);
  for (const auto& [id, params] : all_losses()) {
    auto x = at::ones({4, 3}, at::kFloat).requires_grad_(true);
    testing::make<Loss>("core", id, params)->forward(x, labels).backward();
    EXPECT_TRUE(at::isfinite(x.grad()).all().item<bool>()) << id << " " << params;
  }
}

TEST(TripletLoss, equals_the_sum_over_all_triplets) {
  const auto x = random_matrix(12, 4, 17);
  const std::vector<int64_t> label = {0, 1, 2, 0, 1, 2, 0, 0, 1, 3, 2, 2};
  const auto labels = at::tensor(label, at::kLong);
  for (const auto* distance : {"cosine", "euclidean", "dot"}) {
    const auto d = distance_matrix(distance_from_name(distance), x, x);
    for (const auto* mining : {"all", "semi_hard"}) {
      for (const auto* average : {"all", "active"}) {
        const double margin = 0.35;
        double sum = 0;
        int64_t active = 0, triplets = 0;
        for (int64_t a = 0; a < 12; ++a) {
          for (int64_t p = 0; p < 12; ++p) {
            for (int64_t n = 0; n < 12; ++n) {
              const auto u = [](int64_t i) { return static_cast<size_t>(i); };
              if (a == p || label[u(a)] != label[u(p)] || label[u(a)] == label[u(n)]) continue;
              ++triplets;
              const double dp = d[a][p].item<double>(), dn = d[a][n].item<double>();
              if (dp - dn + margin <= 0 || (std::string(mining) == "semi_hard" && dn <= dp)) continue;
              sum += dp - dn + margin;
              ++active;
            }
          }
        }
        const auto loss = testing::make<Loss>("core", "kindred.triplet",
                                              {{"mining", mining},
                                               {"average", average},
                                               {"margin", margin},
                                               {"distance", distance},
                                               {"normalize", false}});
        const double expected = sum / static_cast<double>(std::string(average) == "all" ? triplets : active);
        EXPECT_NEAR(loss->forward(x, labels).item<double>(), expected, 1e-12)
            << distance << " " << mining << " " << average;
      }
    }
  }
}

TEST(TripletLoss, hard_takes_the_farthest_positive_and_the_nearest_negative) {
  // On a line: 0 and 1 are one class, 3 and 10 another. Anchors' gaps: 1-3, 1-2, 7-2, 7-9.
  const auto x = at::tensor(std::vector<double>{0, 1, 3, 10}, at::kDouble).reshape({4, 1});
  const auto labels = at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong);
  const auto value = [&](json params) {
    params["distance"] = "euclidean";
    params["normalize"] = false;
    return testing::make<Loss>("core", "kindred.triplet", params)->forward(x, labels).item<double>();
  };
  const double margin = 1.5;  // gaps -2, -1, 5, -2
  EXPECT_NEAR(value({{"margin", margin}, {"scale_by_negatives", false}}), (0 + 0.5 + 6.5 + 0) / 4, 1e-12);
  EXPECT_NEAR(value({{"margin", margin}, {"scale_by_negatives", false}, {"average", "active"}}),
              (0.5 + 6.5) / 2, 1e-12);
  const double mean = (3 + 2 + 2 + 9) / 4.0;
  EXPECT_NEAR(value({{"margin", margin}}),
              (margin - 2 / mean + margin - 1 / mean + margin + 5 / mean + margin - 2 / mean) / 4, 1e-12);
}

TEST(TripletLoss, refuses_what_does_not_go_together) {
  using ::testing::HasSubstr;
  try {
    testing::make<Loss>("core", "kindred.triplet", {{"mining", "hard"}, {"distance", "dot"}});
    ADD_FAILURE();
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("set \"scale_by_negatives\" to false"));
  }
  EXPECT_NO_THROW(testing::make<Loss>("core", "kindred.triplet", {{"distance", "dot"}, {"soft", true}}))
      << "nothing is divided";
}

}  // namespace
}  // namespace kindred
