#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "kindred/encoder.hpp"
#include "kindred/plugin.hpp"
#include "nn/convolution_norm.hpp"
#include "nn/pooling.hpp"

namespace kindred {
namespace {

constexpr nn::BatchNormConstants kLiteNorm = {1e-3, 0.01};
constexpr int64_t kStemChannels = 32, kHeadChannels = 1280;  // not scaled in the Lite family

struct LiteStage {
  int64_t repeats, kernel, stride, expansion, outputs;
};
constexpr LiteStage kLiteStages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                                     {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};
constexpr int64_t kLiteStageCount = 7;

struct LiteScale {
  double width, depth;
};
const std::map<std::string, LiteScale>& lite_variants() {
  static const std::map<std::string, LiteScale> table = {{"lite0", {1.0, 1.0}},
                                                         {"lite1", {1.0, 1.1}},
                                                         {"lite2", {1.1, 1.2}},
                                                         {"lite3", {1.2, 1.4}},
                                                         {"lite4", {1.4, 1.8}}};
  return table;
}

/// Channels scaled and rounded to a multiple of 8, but never down by more than a tenth.
int64_t scaled_channels(int64_t channels, double width) {
  const double wanted = static_cast<double>(channels) * width;
  auto rounded = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
  if (static_cast<double>(rounded) < 0.9 * wanted) rounded += 8;
  return rounded;
}

/// Inverted residual without squeeze and excitation: [1x1 expand], depthwise, 1x1 project.
class InvertedResidual {
 public:
  InvertedResidual(int64_t index, int64_t inputs, int64_t outputs, const LiteStage& stage, int64_t stride,
                   nn::TensorList& list, uint64_t seed)
      : expands_(stage.expansion > 1), skips_(stride == 1 && inputs == outputs) {
    const auto name = "_blocks." + std::to_string(index) + ".";
    const int64_t inner = inputs * stage.expansion;
    if (expands_) {
      expand_ =
          nn::ConvolutionNorm(name + "_expand_conv", name + "_bn0", {inputs, inner}, kLiteNorm, list, seed);
    }
    depthwise_ = nn::ConvolutionNorm(name + "_depthwise_conv", name + "_bn1",
                                     {inner, inner, stage.kernel, stride, inner, nn::Padding::same},
                                     kLiteNorm, list, seed);
    project_ =
        nn::ConvolutionNorm(name + "_project_conv", name + "_bn2", {inner, outputs}, kLiteNorm, list, seed);
  }

  at::Tensor operator()(const at::Tensor& input, bool batch_statistics) const {
    auto x = input;
    if (expands_) x = expand_(x, nn::Activation::relu6, batch_statistics);
    x = depthwise_(x, nn::Activation::relu6, batch_statistics);
    x = project_(x, nn::Activation::none, batch_statistics);
    return skips_ ? x.add_(input) : x;
  }

  /// See nn::ConvolutionNorm.
  void prepare_for_inference(at::ScalarType dtype) {
    for (auto* layer : {&expand_, &depthwise_, &project_}) layer->prepare_for_inference(dtype);
  }
  void undo_preparation() {
    for (auto* layer : {&expand_, &depthwise_, &project_}) layer->undo_preparation();
  }

 private:
  bool expands_, skips_;
  nn::ConvolutionNorm expand_, depthwise_, project_;
};

bool is_unused_by_efficientnet(const std::string& name) {
  return name.rfind("_fc.", 0) == 0 || name.find("num_batches_tracked") != std::string::npos;
}

/// EfficientNet-Lite (Tan, Le 2019; Liu 2020, TensorFlow TPU repository): EfficientNet without squeeze and
/// excitation, with ReLU6 and a stem and head that do not scale.
class EfficientNetLite final : public Encoder {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"tf_efficientnet_lite0", "efficientnet_lite0",
                                                 "efficientnet_lite1",    "efficientnet_lite2",
                                                 "efficientnet_lite3",    "efficientnet_lite4"};
  struct Params {
    std::string variant = "lite0";
    std::string weights;
    static void describe(Schema<Params>& schema) {
      schema.field("variant", &Params::variant)
          .doc("Which network; made for pictures of 224, 240, 260, 280 and 300 px.")
          .one_of({"lite0", "lite1", "lite2", "lite3", "lite4"});
      schema.field("weights", &Params::weights)
          .doc("A .pth or .safetensors file; its classifier is not used. Empty: random weights.")
          .initial_weights();
    }
  };

  EfficientNetLite(const Params& params, const Site& site) {
    const auto scale = lite_variants().at(params.variant);
    stem_ = nn::ConvolutionNorm("_conv_stem", "_bn0", {3, kStemChannels, 3, 2, 1, nn::Padding::same},
                                kLiteNorm, list_, site.seed);
    int64_t inputs = kStemChannels, index = 0;
    for (int64_t s = 0; s < kLiteStageCount; ++s) {
      const auto& stage = kLiteStages[s];
      const bool ends = s == 0 || s == kLiteStageCount - 1;  // their depth does not scale either
      const int64_t repeats =
          ends ? stage.repeats
               : static_cast<int64_t>(std::ceil(scale.depth * static_cast<double>(stage.repeats)));
      const int64_t outputs = scaled_channels(stage.outputs, scale.width);
      for (int64_t r = 0; r < repeats; ++r) {
        blocks_.emplace_back(index++, inputs, outputs, stage, r == 0 ? stage.stride : 1, list_, site.seed);
        inputs = outputs;
      }
    }
    head_ = nn::ConvolutionNorm("_conv_head", "_bn1", {inputs, kHeadChannels}, kLiteNorm, list_, site.seed);
    if (!params.weights.empty()) {
      nn::load_weights("efficientnet_" + params.variant, params.weights, list_, is_unused_by_efficientnet);
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return kHeadChannels; }
  std::vector<std::string> stages() const override {
    std::vector<std::string> names = {"stem"};
    for (size_t i = 0; i < blocks_.size(); ++i) names.push_back("blocks." + std::to_string(i));
    names.insert(names.end(), {"head", "pool"});
    return names;
  }
  int64_t stage_of(const std::string& name) const override {
    const std::string block = "_blocks.";
    if (name.rfind(block, 0) == 0) return 1 + std::stoll(name.substr(block.size()));
    return name.rfind("_conv_stem.", 0) == 0 || name.rfind("_bn0.", 0) == 0 ? 0 : 1 + block_count();
  }
  bool runs_in_bfloat16() const override { return true; }
  std::vector<NamedTensor> parameters() override { return list_.parameters; }
  std::vector<NamedTensor> buffers() override { return list_.buffers; }
  void train(bool on) override {
    training_ = on;
    if (!on) return;
    for (auto* layer : {&stem_, &head_}) layer->undo_preparation();
    for (auto& block : blocks_) block.undo_preparation();
  }
  void prepare_for_inference(at::ScalarType dtype) override {
    for (auto* layer : {&stem_, &head_}) layer->prepare_for_inference(dtype);
    for (auto& block : blocks_) block.prepare_for_inference(dtype);
  }
  void freeze_batch_norms(bool on) override { norms_frozen_ = on; }

  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    const bool batch_statistics = training_ && !norms_frozen_;
    auto x = input;
    for (int64_t stage = first; stage < last; ++stage) {
      if (stage == 0) {
        x = stem_(x, nn::Activation::relu6, batch_statistics);
      } else if (stage <= block_count()) {
        x = blocks_[static_cast<size_t>(stage - 1)](x, batch_statistics);
      } else if (stage == block_count() + 1) {
        x = head_(x, nn::Activation::relu6, batch_statistics);
      } else {
        x = nn::global_average(x);
      }
    }
    return x;
  }

 private:
  int64_t block_count() const { return static_cast<int64_t>(blocks_.size()); }

  nn::TensorList list_;
  nn::ConvolutionNorm stem_, head_;
  std::vector<InvertedResidual> blocks_;
  bool training_ = false, norms_frozen_ = false;
};

}  // namespace
KINDRED_COMPONENT(Encoder, EfficientNetLite, "kindred.efficientnet_lite", "1.1.0",
                  "EfficientNet-Lite0 to Lite4");
}  // namespace kindred
