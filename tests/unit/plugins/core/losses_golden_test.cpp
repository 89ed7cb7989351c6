#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "component.hpp"
#include "golden_entries.hpp"
#include "golden_file.hpp"
#include "kindred/loss.hpp"
#include "kindred/miner.hpp"
#include "mined_batch.hpp"

namespace kindred {
namespace testing {

std::ostream& operator<<(std::ostream& out, const GoldenLoss& one) { return out << one.pattern; }

}  // namespace testing

namespace {
using nlohmann::json;
using testing::GoldenLoss;
using testing::GoldenName;

struct Batch {
  at::Tensor embeddings, labels;
};

/// The classes are those that have rows among the proxies; the last ones may have no sample in the batch.
std::shared_ptr<Loss> with_proxies(const GoldenLoss& way, const json& params, const json& golden,
                                   at::ScalarType dtype) {
  const auto centers = params.value("centers", int64_t{1});
  const auto key = "weights_" + (centers == 1 ? "" : std::to_string(centers)) + "C_by_E";
  const auto proxies = testing::matrix_of(golden.at(key)).to(dtype);
  const auto loss =
      testing::make<Loss>("core", way.loss, params, {proxies.size(1), proxies.size(0) / centers, 0});
  loss->parameters().at(0).tensor.set_data(proxies.to(testing::test_device()));
  for (auto& one : loss->buffers()) one.tensor.set_data(one.tensor.to(testing::test_device()));
  return loss;
}

at::Tensor value_of(const GoldenLoss& way, const std::vector<double>& numbers, const Batch& batch,
                    const json& golden) {
  const auto params = way.params(numbers);
  if (way.class_proxies) {
    return with_proxies(way, params, golden, batch.embeddings.scalar_type())
        ->forward(batch.embeddings, batch.labels);
  }
  const auto loss = testing::make<Loss>("core", way.loss, params);
  if (way.miner == nullptr) return loss->forward(batch.embeddings, batch.labels);
  const auto miner = testing::make<Miner>("core", way.miner, way.miner_params(numbers));
  return loss->forward_pairs(testing::mined_batch(*miner, pair_batch(batch.embeddings, batch.labels)));
}

void expect_golden(const GoldenLoss& way, const std::string& name, const json& golden, at::ScalarType dtype) {
  const auto& expected = golden.at("losses").at(name);
  const auto device = testing::test_device();
  const Batch batch = {testing::matrix_of(golden.at("embeddings")).to(device, dtype).requires_grad_(true),
                       testing::labels_of(golden.at("labels")).to(device)};
  const auto value = value_of(way, GoldenName(name).numbers, batch, golden);
  const double wanted = expected.at("loss").get<double>();
  EXPECT_NEAR(value.item<double>(), wanted, testing::tolerance(wanted, dtype)) << name << " " << dtype;
  if (!expected.contains("grad")) return;
  value.backward();
  const auto gradient = testing::matrix_of(expected.at("grad"));
  const double largest = gradient.abs().max().item<double>(), share = dtype == at::kDouble ? 1e-7 : 1e-4;
  // Golden gradients have ten decimals. Beside a gradient of zero float32 has the rounding of numbers near
  // one.
  const double floor = dtype == at::kFloat && largest == 0 ? 6e-8 : 0.6e-10;
  EXPECT_LE((batch.embeddings.grad().cpu() - gradient).abs().max().item<double>(), share * largest + floor)
      << name << " " << dtype;
}

class GoldenLosses : public ::testing::TestWithParam<GoldenLoss> {};

TEST_P(GoldenLosses, value_and_gradient) {
  KINDRED_GOLDEN_LOSSES_OR_SKIP(golden);
  const auto losses = testing::object_at(golden, "losses");
  bool some = false;
  for (const auto& entry : losses.items()) {
    if (GoldenName(entry.key()).pattern != GetParam().pattern) continue;
    some = true;
    for (const auto dtype : {at::kDouble, at::kFloat}) expect_golden(GetParam(), entry.key(), golden, dtype);
  }
  if (!some) GTEST_SKIP() << testing::golden_losses_file() << " has no " << GetParam().pattern;
}

std::string test_name(const ::testing::TestParamInfo<GoldenLoss>& info) {
  std::string name;
  for (const char c : info.param.pattern + std::string(info.param.miner == nullptr ? "" : " by miner")) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (name.back() == '_') name.pop_back();
  return name;
}

INSTANTIATE_TEST_SUITE_P(pml, GoldenLosses, ::testing::ValuesIn(testing::golden_losses()), test_name);

}  // namespace
}  // namespace kindred
