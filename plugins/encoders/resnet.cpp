#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <map>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "nn/initialization.hpp"
#include "nn/linear.hpp"
#include "nn/pooling.hpp"
#include "resnet_blocks.hpp"

namespace kindred {
namespace {

struct ResNetVariant {
  bool bottleneck;
  std::array<int64_t, 4> blocks;
  int64_t groups = 1, group_width = 64;
};

/// He et al. 2016; ResNeXt: Xie et al. 2017; wide: Zagoruyko, Komodakis 2016.
const std::map<std::string, ResNetVariant>& resnet_variants() {
  static const std::map<std::string, ResNetVariant> table = {
      {"resnet18", {false, {2, 2, 2, 2}}},
      {"resnet34", {false, {3, 4, 6, 3}}},
      {"resnet50", {true, {3, 4, 6, 3}}},
      {"resnet101", {true, {3, 4, 23, 3}}},
      {"resnet152", {true, {3, 8, 36, 3}}},
      {"resnext50_32x4d", {true, {3, 4, 6, 3}, 32, 4}},
      {"resnext101_32x8d", {true, {3, 4, 23, 3}, 32, 8}},
      {"resnext101_64x4d", {true, {3, 4, 23, 3}, 64, 4}},
      {"wide_resnet50_2", {true, {3, 4, 6, 3}, 1, 128}},
      {"wide_resnet101_2", {true, {3, 4, 23, 3}, 1, 128}}};
  return table;
}

std::vector<std::string> resnet_variant_names() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : resnet_variants()) names.push_back(name);
  return names;
}

bool is_unused_by_resnet(const std::string& name) {
  const std::string counter = "num_batches_tracked";
  return name.rfind("fc.", 0) == 0 || name.rfind("pool.", 0) == 0 ||
         (name.size() >= counter.size() &&
          name.compare(name.size() - counter.size(), counter.size(), counter) == 0);
}

/// Of torchvision's models on ImageNet-1K. IMAGENET1K_V2 classifies better; V1 was trained more plainly. The
/// digits in a file's name begin its SHA-256.
std::vector<PublishedWeights> published_resnets() {
  struct File {
    const char *variant, *v1;
    double v1_mebibytes;
    const char* v2;
    double v2_mebibytes;
  };
  constexpr File kFiles[] = {{"resnet18", "f37072fd", 44.661, nullptr, 0},
                             {"resnet34", "b627a593", 83.275, nullptr, 0},
                             {"resnet50", "0676ba61", 97.781, "11ad3fa6", 97.79},
                             {"resnet101", "63fe2227", 170.511, "cd907fc2", 170.53},
                             {"resnet152", "394f9c45", 230.434, "f82ba261", 230.474},
                             {"resnext50_32x4d", "7cdf4587", 95.789, "1a0047aa", 95.833},
                             {"resnext101_32x8d", "8ba56ff5", 339.586, "110c445d", 339.673},
                             {"resnext101_64x4d", "173b62eb", 319.318, nullptr, 0},
                             {"wide_resnet50_2", "95faca4d", 131.82, "9ba9bcbe", 263.124},
                             {"wide_resnet101_2", "32ee1156", 242.896, "d733dc28", 484.747}};
  std::vector<PublishedWeights> files;
  const auto add = [&](const std::string& variant, const std::string& version, const std::string& digits,
                       double mebibytes) {
    files.push_back({variant + (version == "V1" ? "" : "_v2"),
                     R"({"variant": ")" + variant + R"(", "width": 64})",
                     "https://download.pytorch.org/models/" + variant + "-" + digits + ".pth", digits,
                     mebibytes, "BSD-3-Clause", "torchvision, IMAGENET1K_" + version});
  };
  for (const auto& one : kFiles) {
    add(one.variant, "V1", one.v1, one.v1_mebibytes);
    if (one.v2 != nullptr) add(one.variant, "V2", one.v2, one.v2_mebibytes);
  }
  return files;
}

class ResNet final : public Encoder, public nn::SharesNormStatistics {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"resnet18",         "resnet34",        "resnet50",
                                                 "resnet101",        "resnet152",       "wide_resnet50_2",
                                                 "wide_resnet101_2", "resnext50_32x4d", "timm"};
  struct Params {
    std::string variant = "resnet50";
    std::string weights;
    int64_t dimension = 0;
    int64_t width = 64;
    nn::PlacePooling pooling = nn::PlacePooling::mean;
    static void describe(Schema<Params>& schema) {
      schema.field("variant", &Params::variant)
          .doc("Which network, by torchvision's name.")
          .one_of(resnet_variant_names());
      schema.field("weights", &Params::weights)
          .doc(
              "The name of published weights, or a .pth or .safetensors file with the tensor names of "
              "torchvision "
              "or timm; its fc is used where \"dimension\" is the number of its outputs. \"random\": drawn "
              "by "
              "the seed, as is what a trainable encoder without weights begins with.")
          .initial_weights()
          .published(published_resnets())
          .expects(R"({"width": 64})",
                   R"([{"type": "kindred.resize", "width": 224, "height": 224,
                        "interpolation": "bilinear"},
                       {"type": "kindred.normalize", "mean": [0.485, 0.456, 0.406],
                        "std": [0.229, 0.224, 0.225]}])");
      schema.field("dimension", &Params::dimension)
          .doc(
              "D of a fully connected layer after the pooling, drawn at random unless the weights have one "
              "of "
              "that size; 0 gives the pooled features.")
          .range(0, 65536);
      schema.field("width", &Params::width)
          .doc(
              "Channels of the first stage; published weights have 64, fewer make a small network to train "
              "from scratch.")
          .range(4, 1024);
      nn::describe_pooling(schema.field("pooling", &Params::pooling));
    }
  };

  ResNet(const Params& params, const Site& site) : params_(params), pool_(params.pooling) {
    const auto& variant = resnet_variants().at(params.variant);
    stem_ = nn::ConvolutionNorm("conv1", "bn1", {3, params.width, 7, 2}, kResNetNorm, list_, site.seed);
    int64_t inputs = params.width;
    for (int64_t layer = 0; layer < 4; ++layer) {
      const int64_t planes = params.width << layer;
      const int64_t outputs = variant.bottleneck ? planes * 4 : planes;
      const int64_t width = planes * variant.group_width / 64 * variant.groups;
      for (int64_t block = 0; block < variant.blocks[static_cast<size_t>(layer)]; ++block) {
        const int64_t stride = layer > 0 && block == 0 ? 2 : 1;
        const auto name = "layer" + std::to_string(layer + 1) + "." + std::to_string(block);
        layers_[static_cast<size_t>(layer)].emplace_back(
            name, ResidualBlock::Shape{inputs, width, outputs, stride, variant.groups, variant.bottleneck},
            list_, site.seed);
        inputs = outputs;
      }
    }
    dimension_ = inputs;
    Weights weights;
    if (!params.weights.empty())
      weights = nn::load_weights(params.variant, params.weights, list_, is_unused_by_resnet);
    notes_ = weights.notes;
    // Only a network that was trained with these layers has weights of them.
    std::vector<NamedTensor> own_layers;
    pool_.append_parameters(own_layers);
    if (params.dimension > 0) {
      fc_ = nn::Linear(inputs, params.dimension, nn::named_generator(site.seed, "fc"));
      fc_.append_parameters("fc.", own_layers);
      dimension_ = params.dimension;
    }
    nn::copy_fitting_tensors(own_layers, weights.tensors);
    list_.parameters.insert(list_.parameters.end(), own_layers.begin(), own_layers.end());
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return dimension_; }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<std::string> stages() const override {
    return {"stem", "layer1", "layer2", "layer3", "layer4", "pool"};
  }
  int64_t stage_of(const std::string& name) const override {
    if (name.rfind("layer", 0) == 0) return name[5] - '0';
    return name.rfind("fc.", 0) == 0 || name.rfind("pool.", 0) == 0 ? 5 : 0;
  }
  bool runs_in_bfloat16() const override { return true; }
  bool runs_side_by_side() const override { return true; }
  std::vector<NamedTensor> parameters() override { return list_.parameters; }
  std::vector<NamedTensor> buffers() override { return list_.buffers; }
  void train(bool on) override {
    training_ = on;
    if (!on) return;
    stem_.undo_preparation();
    for_each_block([](ResidualBlock& block) { block.undo_preparation(); });
  }
  void prepare_for_inference(at::ScalarType dtype) override {
    stem_.prepare_for_inference(dtype);
    for_each_block([dtype](ResidualBlock& block) { block.prepare_for_inference(dtype); });
  }
  void freeze_batch_norms(bool on) override { norms_frozen_ = on; }

  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    const auto statistics = norm_statistics(training_ && !norms_frozen_);
    auto x = input;
    for (int64_t stage = first; stage < last; ++stage) {
      if (stage == 0) {
        x = at::max_pool2d(stem_(x, nn::Activation::relu, statistics), 3, 2, 1);
      } else if (stage <= 4) {
        for (const auto& block : layers_[static_cast<size_t>(stage - 1)]) x = block(x, statistics);
      } else {
        x = pool_(x);
        if (params_.dimension > 0) x = fc_(x);
      }
    }
    return x;
  }

 private:
  template <class Function>
  void for_each_block(Function function) {
    for (auto& layer : layers_) {
      for (auto& block : layer) function(block);
    }
  }

  Params params_;
  nn::TensorList list_;
  nn::ConvolutionNorm stem_;
  std::array<std::vector<ResidualBlock>, 4> layers_;
  nn::GlobalPool pool_;
  nn::Linear fc_;
  int64_t dimension_ = 0;
  std::vector<std::string> notes_;
  bool training_ = false, norms_frozen_ = false;
};

}  // namespace
KINDRED_COMPONENT(Encoder, ResNet, "kindred.resnet", "1.1.0",
                  "ResNet, ResNeXt and wide ResNet, with torchvision's weights");
}  // namespace kindred
