#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <fstream>

#include "component.hpp"
#include "kindred/decoder.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/transform.hpp"
#include "shared_folder.hpp"

/// From a JPEG file to an embedding, against what Pillow and PyTorch made of the same file.
namespace kindred {
namespace {

Normalization lite_normalization() {
  const double mean = 127.0 / 255, std = 128.0 / 255;
  return {{mean, mean, mean}, {std, std, std}};
}

TEST(EfficientNetLite0, embeds_photographs_like_the_reference) {
  KINDRED_SHARED_OR_SKIP(weights, "weights/efficientnet_lite0.pth");
  KINDRED_SHARED_OR_SKIP(cars, "data/stanford_cars");
  at::NoGradGuard no_grad;
  std::ifstream file(testing::shared_path("weights/efficientnet_lite0.json"));
  const auto facts = nlohmann::json::parse(file);
  std::vector<std::string> files;
  for (const auto& name : facts["images"]) files.push_back(cars + "/" + name.get<std::string>());
  const auto decoder = testing::make<Decoder>("vision", "kindred.image_decoder");
  const auto resize =
      testing::make<Transform>("transforms", "kindred.resize", {{"width", 224}, {"height", 224}});
  const auto encoder =
      testing::make<Encoder>("encoders", "kindred.efficientnet_lite", {{"weights", weights}});

  Random random(0);
  std::vector<at::Tensor> pictures;
  for (const auto& one : files) {
    pictures.push_back(resize->apply(decoder->decode(read_file(one), one), random));
  }
  const auto ours = encoder->encode({at::stack(pictures), lite_normalization()});
  const auto reference = map_npy(testing::shared_path("weights/efficientnet_lite0_embeddings.npy"));
  ASSERT_EQ(ours.sizes(), reference.sizes());
  const auto cosine = (ours * reference).sum(1) / (ours.norm(2, {1}) * reference.norm(2, {1}));
  EXPECT_GE(cosine.min().item<double>(), 0.9999);

  // The tensors of the first two pictures after the transforms.
  const auto input = map_npy(testing::shared_path("weights/efficientnet_lite0_input_224.npy"));
  const auto made = normalized_images({at::stack(pictures).slice(0, 0, input.size(0)), lite_normalization()});
  EXPECT_LE((made - input).abs().mean().item<double>(), 0.2 / 128);
  const auto from_input = encoder->encode({input, {}});
  EXPECT_LE((from_input - reference.slice(0, 0, input.size(0))).abs().max().item<double>(), 1e-4);
}

TEST(EfficientNetLite0, traced_by_pytorch_gives_the_same) {
  KINDRED_SHARED_OR_SKIP(module, "weights/efficientnet_lite0.torchscript.pt");
  at::NoGradGuard no_grad;
  const auto encoder = testing::make<Encoder>("encoders", "kindred.torchscript", {{"module", module}});
  const auto input = map_npy(testing::shared_path("weights/efficientnet_lite0_input_224.npy"));
  const auto reference = map_npy(testing::shared_path("weights/efficientnet_lite0_embeddings.npy"));
  EXPECT_EQ(encoder->dimension(), 1280);
  EXPECT_LE((encoder->encode({input, {}}) - reference.slice(0, 0, input.size(0))).abs().max().item<double>(),
            1e-4);
}

}  // namespace
}  // namespace kindred
