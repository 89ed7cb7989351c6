#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "kindred/random.hpp"
#include "shared_folder.hpp"

/// Outputs of every torchvision ResNet whose weights are filled by a formula (the file's "how"): no download
/// is needed to know that the networks are the same.
namespace kindred {
namespace {

std::string golden_file() {
  const char* given = std::getenv("KINDRED_GOLDEN_RESNETS");
  return given != nullptr ? given : testing::shared_path("weights/resnet_golden.json");
}

double uniform(uint64_t tensor, uint64_t place) {
  return static_cast<double>(splitmix64((tensor << 32) + place) >> 11) * 0x1.0p-53;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void fill(at::Tensor tensor, const std::string& name, uint64_t index) {
  auto values = at::empty(tensor.sizes(), at::kFloat);
  const auto numel = values.numel();
  const double bound = tensor.dim() > 1 ? std::sqrt(6.0 / static_cast<double>(numel / tensor.size(0))) : 0;
  for (int64_t j = 0; j < numel; ++j) {
    const double u = uniform(index, static_cast<uint64_t>(j));
    double value = 0.2 + 0.2 * u;
    if (tensor.dim() > 1)
      value = (2 * u - 1) * bound;
    else if (ends_with(name, "running_var"))
      value = 0.5 + u;
    else if (ends_with(name, "running_mean") || ends_with(name, "bias"))
      value = 0.2 * (u - 0.5);
    values.data_ptr<float>()[j] = static_cast<float>(value);
  }
  tensor.copy_(values);
}

/// Names in the order of torchvision's state_dict, written down independently of the plugin: a batch norm is
/// weight, bias, running_mean, running_var, num_batches_tracked.
struct Order {
  std::vector<std::string> names;
  void batch_norm(const std::string& name) {
    for (const auto* part : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}) {
      names.push_back(name + "." + part);
    }
  }
  void convolution(const std::string& name) { names.push_back(name + ".weight"); }
};

std::vector<std::string> state_dict_order(const std::vector<int>& blocks, bool bottleneck) {
  Order order;
  order.convolution("conv1");
  order.batch_norm("bn1");
  for (int layer = 1; layer <= 4; ++layer) {
    for (int block = 0; block < blocks[static_cast<size_t>(layer - 1)]; ++block) {
      const auto name = "layer" + std::to_string(layer) + "." + std::to_string(block) + ".";
      for (int i = 1; i <= (bottleneck ? 3 : 2); ++i) {
        order.convolution(name + "conv" + std::to_string(i));
        order.batch_norm(name + "bn" + std::to_string(i));
      }
      if (block == 0 && (layer > 1 || bottleneck)) {
        order.convolution(name + "downsample.0");
        order.batch_norm(name + "downsample.1");
      }
    }
  }
  order.names.push_back("fc.weight");
  order.names.push_back("fc.bias");
  return order.names;
}

class GoldenResNets : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenResNets, equals_torchvision) {
  const auto path = golden_file();
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << path << " is absent; set KINDRED_SHARED or KINDRED_GOLDEN_RESNETS";
  const auto golden = nlohmann::json::parse(file);
  if (!golden["models"].contains(GetParam())) GTEST_SKIP() << path << " has no " << GetParam();
  const auto& expected = golden["models"][GetParam()];

  at::NoGradGuard no_grad;
  auto encoder = testing::make<Encoder>("encoders", "kindred.resnet", {{"variant", GetParam()}});
  std::map<std::string, at::Tensor> tensors;
  int64_t numbers = 0;
  for (const auto& one : encoder->parameters()) {
    tensors[one.name] = one.tensor;
    numbers += one.tensor.numel();
  }
  for (const auto& one : encoder->buffers()) tensors[one.name] = one.tensor;

  const bool bottleneck = GetParam() != "resnet18" && GetParam() != "resnet34";
  std::vector<int> blocks = {3, 4, 6, 3};
  if (GetParam() == "resnet18") blocks = {2, 2, 2, 2};
  if (GetParam().find("101") != std::string::npos) blocks = {3, 4, 23, 3};
  if (GetParam() == "resnet152") blocks = {3, 8, 36, 3};
  const auto order = state_dict_order(blocks, bottleneck);
  ASSERT_EQ(order.size(), expected["state_dict_keys"].get<size_t>());
  size_t filled = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto it = tensors.find(order[i]);
    if (it == tensors.end()) continue;
    fill(it->second, order[i], i);
    ++filled;
  }
  ASSERT_EQ(filled, tensors.size()) << "a tensor has a name that torchvision does not have";
  const auto dimension = expected["embedding_dim"].get<int64_t>();
  EXPECT_EQ(encoder->dimension(), dimension);
  EXPECT_EQ(numbers + dimension * 1000 + 1000, expected["parameters"].get<int64_t>());

  auto input = at::empty(golden["input"]["shape"].get<std::vector<int64_t>>(), at::kFloat);
  const auto index = golden["input"]["index"].get<uint64_t>();
  for (int64_t j = 0; j < input.numel(); ++j) {
    input.data_ptr<float>()[j] = static_cast<float>(2 * uniform(index, static_cast<uint64_t>(j)) - 1);
  }
  encoder->train(false);
  const auto out = encoder->encode({input, {}}).to(at::kDouble);
  const auto first = out.slice(1, 0, 16).contiguous();
  for (int64_t row = 0; row < out.size(0); ++row) {
    const auto r = static_cast<size_t>(row);
    for (int64_t i = 0; i < 16; ++i) {
      EXPECT_NEAR(first[row][i].item<double>(), expected["first_16"][r][static_cast<size_t>(i)].get<double>(),
                  1e-5);
    }
    EXPECT_NEAR(out[row].mean().item<double>(), expected["mean"][r].get<double>(), 1e-5);
    EXPECT_NEAR(out[row].norm().item<double>(), expected["l2"][r].get<double>(), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(all, GoldenResNets,
                         ::testing::Values("resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
                                           "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
                                           "wide_resnet50_2", "wide_resnet101_2"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kindred
