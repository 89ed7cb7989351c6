#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "host/export/network_graph.hpp"
#include "host/export/onnx/onnx_graph.hpp"
#include "kindred/distance.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

/// What OpenVINO makes of written files, against LibTorch.
namespace kindred::host {
namespace {

using Sizes = std::vector<int64_t>;
const auto kHeightWidth = Sizes{2, 3};

struct Case {
  std::string name;
  Network network;  ///< (B, 3, 8, 10) or (B, 12) -> (B, D)
  bool pictures = false;
};

at::Tensor drawn(at::IntArrayRef sizes) {
  const auto numbers = at::arange(at::empty(sizes).numel(), at::kDouble).mul_(0.7).sin_();
  return numbers.to(at::kFloat).reshape(sizes);
}

at::Tensor pooled(const at::Tensor& map) { return map.mean(kHeightWidth); }

/// (B, 3, 8, 10) -> (B, 4, 8)
at::Tensor tokens(const at::Tensor& x) {
  return at::conv2d(x, drawn({8, 3, 4, 5}), {}, {4, 5}).flatten(2).transpose(1, 2);
}

std::vector<Case> cases_of_pictures() {
  return {
      {"convolution",
       [](const at::Tensor& x) {
         return pooled(at::conv2d(x, drawn({5, 3, 3, 3}), drawn({5}), 2, 1));
       }},
      {"convolution_in_groups",
       [](const at::Tensor& x) {
         return pooled(at::conv2d(x, drawn({6, 1, 3, 5}), {}, 1, {1, 2}, 1, 3));
       }},
      {"pools",
       [](const at::Tensor& x) {
         return pooled(at::avg_pool2d(at::max_pool2d(x, 3, 2, 1), {2, 2}, {1, 1}));
       }},
      {"pools_whose_steps_are_their_kernels",
       [](const at::Tensor& x) {
         return pooled(at::avg_pool2d(at::max_pool2d(x, {1, 2}), 2));
       }},
      {"padding",
       [](const at::Tensor& x) {
         return at::constant_pad_nd(x, {1, 2, 0, 3}, 0.5).flatten(1);
       }},
      {"clamps",
       [](const at::Tensor& x) {
         return pooled(at::hardtanh(x, 0, 0.5) + x.clamp_min(0.2) + x.clamp(-0.1, 0.3) + x.clamp_max(0.1));
       }},
      {"generalised_mean",
       [](const at::Tensor& x) {
         const auto power = at::full({1}, 3.0);
         const auto values = x.clamp_min(1e-6);
         const auto largest = values.amax(kHeightWidth, true);
         return (values / largest).pow(power).mean(kHeightWidth).pow(power.reciprocal()) * largest.flatten(1);
       }},
      {"attention",
       [](const at::Tensor& x) {
         const auto heads = tokens(x).reshape({x.size(0), 4, 2, 4}).transpose(1, 2);
         const auto found = at::scaled_dot_product_attention(heads, heads * 0.5, heads + 1);
         return found.transpose(1, 2).flatten(2).select(1, 2);
       }},
      {"class_token",
       [](const at::Tensor& x) {
         const auto all = at::cat({drawn({8}).expand({x.size(0), 1, 8}), tokens(x)}, 1) + drawn({5, 8});
         return at::cat({all.select(1, 0), all.slice(1, 1).mean(1)}, 1);
       }},
      {"layer_norm_and_activations",
       [](const at::Tensor& x) {
         const auto normed = at::layer_norm(tokens(x), {8}, drawn({8}), drawn({8}), 1e-5);
         return (at::gelu(normed) + at::gelu(normed, "tanh") + at::silu(normed) + at::sigmoid(normed * 1.702))
             .mean(1);
       }},
      {"rotation",
       [](const at::Tensor& x) {
         const auto halves = tokens(x).chunk(2, -1);
         return (at::cat({-halves[1], halves[0]}, -1) * drawn({4, 8})).flatten(1);
       }},
      {"channels_last",
       [](const at::Tensor& x) {
         const auto places = x.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});
         const auto norms = at::linalg_vector_norm(places, 2, at::IntArrayRef{1, 2}, true);
         return at::addcmul(drawn({3}), places, norms / (norms.mean(-1, true) + 1e-6))
             .mean(at::IntArrayRef{1, 2});
       }},
  };
}

std::vector<Case> cases_of_vectors() {
  return {
      {"linear",
       [](const at::Tensor& x) {
         return at::linear(x, drawn({5, 12}), drawn({5}));
       }},
      {"products",
       [](const at::Tensor& x) {
         return at::addmm(drawn({7}), (x - drawn({12})).matmul(drawn({12, 6})), drawn({6, 7}), 0.5, 2);
       }},
      {"batch_norm",
       [](const at::Tensor& x) {
         return at::batch_norm(x, drawn({12}), drawn({12}), drawn({12}), drawn({12}).abs() + 0.5, false, 0.1,
                               1e-5, false);
       }},
      {"gates",
       [](const at::Tensor& x) {
         return x * drawn({12}).tanh() + at::linear(x, drawn({12, 12})).sigmoid() * x;
       }},
      {"length_of_one", [](const at::Tensor& x) { return l2_normalized(x); }},
      {"groups_of_probabilities",
       [](const at::Tensor& x) {
         return x.view({-1, 4, 3}).softmax(2).view({x.size(0), 12});
       }},
      {"elementary_functions",
       [](const at::Tensor& x) {
         const auto positive = x.abs() + 1;
         return positive.log() + (-x).exp() + positive.rsqrt() + positive.sqrt().reciprocal() + x.square() +
                at::rsub(x, 2, 1) + at::sub(x, positive, 0.5) + x.erf() + at::maximum(x, -x) -
                at::minimum(x, -x);
       }},
      {"choices",
       [](const at::Tensor& x) {
         const auto codes = (x * 20).round();
         return at::where(x >= 0.1, codes, at::full({}, -3.0)) + at::where(x < 0, x, codes);
       }},
      {"views",
       [](const at::Tensor& x) {
         const auto cube = x.view({x.size(0), 1, 3, 4}).squeeze(1).unsqueeze(-1);
         return cube.select(3, 0).flatten(1).slice(1, 2, 11, 3);
       }},
      {"sums",
       [](const at::Tensor& x) {
         return x.view({x.size(0), 3, 4}).sum(at::IntArrayRef{1}) * at::norm(x, 1, {1}, true);
       }},
  };
}

class OnnxOperators : public ::testing::TestWithParam<Case> {};

TEST_P(OnnxOperators, give_in_openvino_what_they_give_in_libtorch) {
  at::NoGradGuard no_grad;
  const auto& [name, network, pictures] = GetParam();
  const auto all = pictures ? drawn({9, 3, 8, 10}) : drawn({9, 12});
  const auto expected = network(all);
  OnnxModel model;
  model.input = {"input", at::kFloat, all.sizes().vec()};
  model.output = {"embedding", at::kFloat, expected.sizes().vec()};
  convert_to_onnx(*recorded_graph(network, all.slice(0, 0, 2), all.slice(0, 0, 3)), model);
  const testing::TemporaryFolder folder("onnx_operators");
  write_file_atomically(folder / "model.onnx", onnx_bytes(model));
  const auto encoder =
      testing::make<Encoder>("openvino", "kindred.onnx", {{"module", folder / "model.onnx"}});
  for (const int64_t size : {1, 4, 9}) {
    const auto given = encoder->encode({all.slice(0, 0, size)});
    const auto difference = (given - expected.slice(0, 0, size)).abs().max().item<double>();
    EXPECT_LT(difference, 1e-5) << name << " in a batch of " << size;
  }
}

std::vector<Case> all_cases() {
  auto all = cases_of_vectors();
  for (auto& one : cases_of_pictures()) all.push_back({one.name, one.network, true});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, OnnxOperators, ::testing::ValuesIn(all_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace kindred::host
