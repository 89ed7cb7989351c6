#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "kindred/head.hpp"

namespace kindred {
namespace {

constexpr int64_t kDimension = 6;

std::shared_ptr<Head> whitening(const nlohmann::json& params = nlohmann::json::object()) {
  Site site;
  site.input_dimension = kDimension;
  return testing::make<Head>("core", "kindred.whitening", params, site);
}

struct Data {
  at::Tensor x, labels;
};

Data data() {
  at::manual_seed(5);
  const auto labels = at::arange(40, at::kLong).fmod(4).to(at::kLong);
  const auto centers = at::randn({4, kDimension});
  return {centers.index_select(0, labels) + 0.4 * at::randn({40, kDimension}), labels};
}

at::Tensor unit(const at::Tensor& x) { return x / x.norm(2, {1}, true); }

/// Within-class covariance (float64), class by class.
at::Tensor within(const at::Tensor& x, const at::Tensor& labels) {
  auto sum = at::zeros({kDimension, kDimension}, at::kDouble);
  for (int64_t c = 0; c < 4; ++c) {
    const auto members = x.index_select(0, (labels == c).nonzero().squeeze(1));
    const auto inner = members - members.mean(0, true);
    sum += inner.t().matmul(inner);
  }
  return sum / static_cast<double>(x.size(0));
}

TEST(Whitening, makes_the_regularised_within_class_covariance_the_identity) {
  const auto [x, labels] = data();
  const auto head = whitening({{"shrinkage", 1e-6}, {"emphasis", 0.0}});
  EXPECT_TRUE(head->needs_fit());
  head->fit(x, labels);
  const auto covariance = within(head->forward(x).to(at::kDouble), labels);
  EXPECT_LE((covariance - at::eye(kDimension, at::kDouble)).abs().max().item<double>(), 1e-3);
}

TEST(Whitening, follows_its_formula) {
  const auto [x, labels] = data();
  const double shrinkage = 0.5, emphasis = 0.6;
  const auto head = whitening({{"shrinkage", shrinkage}, {"emphasis", emphasis}});
  head->fit(x, labels);
  const auto u = unit(x).to(at::kDouble);
  auto w = within(u, labels);
  w = w + shrinkage * w.trace() / static_cast<double>(kDimension) * at::eye(kDimension, at::kDouble);
  // W^(-1/2) by Newton's iteration for the inverse square root, which shares nothing with an eigensolver.
  auto y = w / w.norm(), z = at::eye(kDimension, at::kDouble);
  for (int i = 0; i < 60; ++i) {
    const auto t = 0.5 * (3 * at::eye(kDimension, at::kDouble) - z.matmul(y));
    y = y.matmul(t);
    z = t.matmul(z);
  }
  const auto root = z / w.norm().sqrt();
  const auto centered = (u - u.mean(0)).matmul(root);
  std::vector<at::Tensor> means;
  for (int64_t c = 0; c < 4; ++c)
    means.push_back(centered.index_select(0, (labels == c).nonzero().squeeze(1)).mean(0));
  const auto m = at::stack(means).slice(0, 0, 3);  // they sum to zero, so three of four span the same space
  const auto projector = m.t().matmul(at::inverse(m.matmul(m.t()))).matmul(m);
  const auto expected =
      centered.matmul((1 - emphasis) * at::eye(kDimension, at::kDouble) + emphasis * projector);
  EXPECT_LE((head->forward(x).to(at::kDouble) - expected).abs().max().item<double>(), 1e-4);
}

TEST(Whitening, refuses_data_it_cannot_learn_from) {
  using ::testing::HasSubstr;
  const auto message = [](const at::Tensor& x, const at::Tensor& labels) -> std::string {
    try {
      whitening()->fit(x, labels);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(message(at::rand({5, kDimension}), at::zeros({5}, at::kLong)),
              HasSubstr("at least two classes"));
  EXPECT_THAT(message(at::rand({3, kDimension}), at::arange(3, at::kLong)),
              HasSubstr("more samples than classes"));
  EXPECT_THAT(message(at::ones({4, kDimension}), at::tensor(std::vector<int64_t>{0, 0, 1, 1}, at::kLong)),
              HasSubstr("all are equal"));
}

}  // namespace
}  // namespace kindred
