#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "sum_over_threads.hpp"

namespace kindred {
namespace {

const std::map<std::string, nlohmann::json> kEncodersWithNorms = {
    {"kindred.resnet", {{"variant", "resnet18"}, {"width", 8}}},
    {"kindred.efficientnet_lite", nlohmann::json::object()}};

/// An encoder that trains, and what it made of its pictures.
struct Training {
  explicit Training(const std::pair<const std::string, nlohmann::json>& one) {
    Site site;
    site.seed = 7;
    encoder = testing::make<Encoder>("encoders", one.first, one.second, site);
    encoder->train(true);
    for (auto& parameter : encoder->parameters()) parameter.tensor.requires_grad_(true);
  }
  /// Runs all stages forwards and backwards; the loss is the mean product with numbers of its own.
  void run(const at::Tensor& pictures, int64_t of_all) {
    const auto y = encoder->run_stages(pictures, 0, static_cast<int64_t>(encoder->stages().size()));
    const auto along = at::arange(y.size(1), at::kFloat).mul(0.7).sin();
    (y * along).square().sum().div(of_all).backward();
    embeddings = y.detach();
  }
  std::shared_ptr<Encoder> encoder;
  at::Tensor embeddings;
};

double relative(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm().clamp_min(1e-6)).item<double>();
}

TEST(SharesStatistics, encoders_train_in_three_processes_as_in_one) {
  const auto pictures = at::arange(7 * 3 * 64 * 64).mul(0.37).sin().to(at::kFloat).reshape({7, 3, 64, 64});
  for (const auto& one : kEncodersWithNorms) {
    SCOPED_TRACE(one.first);
    Training alone(one);
    alone.run(pictures, 7);
    std::vector<Training> parts(3, alone);
    for (auto& part : parts) part = Training(one);
    testing::as_processes(3, [&](int64_t rank, const auto& sum) {
      auto& mine = parts[static_cast<size_t>(rank)];
      EXPECT_TRUE(dynamic_cast<SharesStatistics&>(*mine.encoder).share_statistics(sum));
      mine.run(pictures.slice(0, rank * 7 / 3, (rank + 1) * 7 / 3), 7);
    });
    EXPECT_LT(
        relative(at::cat({parts[0].embeddings, parts[1].embeddings, parts[2].embeddings}), alone.embeddings),
        1e-4);
    std::vector<at::Tensor> gradient, expected;
    for (size_t i = 0; i < alone.encoder->parameters().size(); ++i) {
      auto sum = at::zeros_like(alone.encoder->parameters()[i].tensor);
      for (auto& part : parts) sum += part.encoder->parameters()[i].tensor.grad();
      gradient.push_back(sum.flatten());
      expected.push_back(alone.encoder->parameters()[i].tensor.grad().flatten());
    }
    // Where a value is rounded across a bound of an activation, its gradient appears or goes.
    EXPECT_LT(relative(at::cat(gradient), at::cat(expected)), 0.02);
    const auto statistics = [](const Training& one) {
      std::vector<at::Tensor> all;
      for (const auto& buffer : one.encoder->buffers()) all.push_back(buffer.tensor.flatten());
      return at::cat(all);
    };
    EXPECT_LT(relative(statistics(parts[1]), statistics(alone)), 1e-5);
  }
}

}  // namespace
}  // namespace kindred
