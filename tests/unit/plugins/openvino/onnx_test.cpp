#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "../nn/drawn.hpp"
#include "component.hpp"
#include "kindred/encoder.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

std::string network(const std::string& name) {
  return std::string(KINDRED_TEST_NETWORKS) + "/" + name + ".onnx";
}

std::shared_ptr<Encoder> made(const std::string& name, nlohmann::json params = nlohmann::json::object()) {
  params["module"] = network(name);
  return testing::make<Encoder>("openvino", "kindred.onnx", params);
}

/// What made_networks.py fills weights with.
at::Tensor filled(at::IntArrayRef sizes) { return nn::drawn(sizes, 0.7); }

Batch pictures(int64_t count, int64_t height = 8, int64_t width = 8) {
  const auto values = at::arange(count * height * width * 3, at::kDouble).mul_(1.3).sin_().add_(1).mul_(127);
  Batch batch{values.to(at::kByte).view({count, height, width, 3})};
  batch.normalization = {{0.5, 0.4, 0.3}, {0.2, 0.25, 0.3}};
  return batch;
}

/// The map of all the networks of pictures.
at::Tensor map_of(const Batch& batch) {
  return at::relu(at::conv2d(normalized_images(batch, at::kFloat), filled({5, 3, 3, 3}), {}, 2, 1));
}

double difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(OnnxEncoder, gives_what_its_operators_compute_for_pictures_of_any_size) {
  at::NoGradGuard no_grad;
  const auto encoder = made("pictures");
  EXPECT_EQ(encoder->object_kind(), ObjectKind::image);
  EXPECT_EQ(encoder->dimension(), 5);
  EXPECT_TRUE(encoder->parameters().empty());
  EXPECT_TRUE(encoder->notes().empty());
  for (const int64_t count : {1, 2, 7}) {
    const auto batch = pictures(count, 12, 10);
    EXPECT_LT(difference(encoder->encode(batch), map_of(batch).mean(at::IntArrayRef{2, 3})), 1e-5);
  }
  EXPECT_EQ(encoder->encode(pictures(0)).sizes(), (std::vector<int64_t>{0, 5}));
}

TEST(OnnxEncoder, reads_the_format_of_openvino) {
  at::NoGradGuard no_grad;
  const std::string folder = KINDRED_TEST_NETWORKS;
  const nlohmann::json both = {{"module", folder + "/pictures.xml"}, {"bin", folder + "/pictures.bin"}};
  const auto batch = pictures(2);
  const auto encoder = testing::make<Encoder>("openvino", "kindred.onnx", both);
  EXPECT_TRUE(at::equal(encoder->encode(batch), made("pictures")->encode(batch)));
  EXPECT_THAT(
      testing::thrown([&] {
        testing::make<Encoder>("openvino", "kindred.onnx", nlohmann::json{{"module", both["module"]}});
      }),
      HasSubstr("say which with \"bin\""));
  EXPECT_THAT(testing::thrown([&] {
                made("pictures", {{"bin", both["bin"]}});
              }),
              HasSubstr("leave \"bin\" out"));
}

TEST(OnnxEncoder, pools_tokens_and_maps) {
  at::NoGradGuard no_grad;
  const auto batch = pictures(3);
  const auto map = map_of(batch), tokens = map.flatten(2);
  const auto encoded = [&](const char* name, const char* pooling) {
    return made(name, {{"pooling", pooling}})->encode(batch);
  };
  EXPECT_LT(difference(encoded("tokens", "cls"), tokens.select(2, 0)), 1e-5);
  EXPECT_LT(difference(encoded("tokens", "mean"), tokens.mean(2)), 1e-5);
  EXPECT_LT(difference(encoded("map", "mean"), tokens.mean(2)), 1e-5);
  EXPECT_THAT(testing::thrown([] { made("tokens"); }),
              HasSubstr("gives 16 x 5 for a sample, expected D numbers; set "
                        "\"pooling\" to cls or mean, or \"output\""));
  EXPECT_THAT(testing::thrown([] {
                made("map", {{"pooling", "cls"}});
              }),
              HasSubstr("set \"pooling\" to mean"));
}

TEST(OnnxEncoder, takes_the_output_that_is_named) {
  at::NoGradGuard no_grad;
  const auto batch = pictures(3);
  const auto rows = map_of(batch).mean(at::IntArrayRef{2, 3});
  EXPECT_LT(difference(made("two_outputs", {{"output", "embedding"}})->encode(batch), rows), 1e-5);
  EXPECT_LT(difference(made("two_outputs", {{"output", "logits"}})->encode(batch),
                       at::matmul(rows, filled({5, 2}))),
            1e-5);
  EXPECT_THAT(
      testing::thrown([] { made("two_outputs"); }),
      HasSubstr(
          "has no single output (B, D); set \"output\" to one of: embedding f32 [?,5], logits f32 [?,2]"));
  EXPECT_THAT(testing::thrown([] {
                made("two_outputs", {{"output", "other"}});
              }),
              HasSubstr("has no output \"other\""));
}

TEST(OnnxEncoder, encodes_batches_of_any_size_whatever_it_was_exported_with) {
  at::NoGradGuard no_grad;
  for (const auto* name : {"fixed_batch", "one_picture", "channels_last"}) {
    const auto encoder = made(name);
    for (const int64_t count : {1, 2, 5}) {
      const auto batch = pictures(count);
      EXPECT_LT(difference(encoder->encode(batch), map_of(batch).mean(at::IntArrayRef{2, 3})), 1e-5) << name;
    }
  }
  EXPECT_THAT(made("fixed_batch")->notes(),
              ::testing::ElementsAre(HasSubstr("takes batches of 2 and no others")));
  EXPECT_THAT(made("one_picture")->notes(), ::testing::IsEmpty()) << "nothing in it depends on the batch";
}

TEST(OnnxEncoder, reads_vectors_in_float16) {
  at::NoGradGuard no_grad;
  const auto encoder = made("half_vectors");
  EXPECT_EQ(encoder->object_kind(), ObjectKind::vector);
  const auto rows = filled({3, 6});
  EXPECT_LT(difference(encoder->encode({rows}), at::matmul(rows, filled({6, 4}))), 1e-2);
}

TEST(OnnxEncoder, says_what_it_cannot_take) {
  EXPECT_THAT(testing::thrown([] { made("of_tokens"); }),
              HasSubstr("takes ids i64 [?,?]; expected one input of numbers"));
  EXPECT_THAT(testing::thrown([] { made("weights_elsewhere"); }),
              HasSubstr("or keeps its weights in another file"));
  EXPECT_THAT(testing::thrown([] { made("nowhere"); }), HasSubstr("nowhere.onnx"));
  EXPECT_THAT(testing::thrown([] {
                made("map", {{"pooling", "mean"}})->encode(pictures(1, 9, 8));
              }),
              HasSubstr("takes samples of 3 x 8 x 8, got 3 x 9 x 8; add a resize to data.transforms"));
  const testing::TemporaryFolder folder("onnx");
  const auto path = folder / "damaged.onnx";
  const auto make_damaged = [&] {
    testing::make<Encoder>("openvino", "kindred.onnx", nlohmann::json{{"module", path}});
  };
  std::ifstream file(network("pictures"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  for (const size_t kept : {size_t{0}, size_t{10}, whole.size() / 2}) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, kept);
    EXPECT_THAT(testing::thrown(make_damaged), HasSubstr("damaged.onnx is no network that OpenVINO reads"));
  }
}

}  // namespace
}  // namespace kindred
