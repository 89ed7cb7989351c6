#include <ATen/ATen.h>

#include <cmath>
#include <map>

#include "kindred/encoder.hpp"
#include "kindred/plugin.hpp"
#include "layers.hpp"

namespace kindred {
namespace {

constexpr double kEpsilon = 1e-3, kMomentum = 0.01;
constexpr int64_t kStem = 32, kHead = 1280;  // not scaled in the Lite family

struct Stage {
  int64_t repeats, kernel, stride, expansion, outputs;
};
constexpr Stage kStages[] = {{1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80},
                             {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320}};
constexpr int64_t kStageCount = 7;

struct Scale {
  double width, depth;
};
const std::map<std::string, Scale>& variants() {
  static const std::map<std::string, Scale> table = {{"lite0", {1.0, 1.0}},
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
  InvertedResidual(int64_t index, int64_t inputs, int64_t outputs, const Stage& stage, int64_t stride,
                   TensorList& list, uint64_t seed)
      : expands_(stage.expansion > 1), skips_(stride == 1 && inputs == outputs) {
    const auto name = "_blocks." + std::to_string(index) + ".";
    const int64_t inner = inputs * stage.expansion;
    if (expands_) {
      expand_ = Convolution(name + "_expand_conv", inputs, inner, 1, 1, 1, list, seed);
      bn0_ = BatchNorm(name + "_bn0", inner, kEpsilon, kMomentum, list);
    }
    depthwise_ = Convolution(name + "_depthwise_conv", inner, inner, stage.kernel, stride, inner, list, seed);
    bn1_ = BatchNorm(name + "_bn1", inner, kEpsilon, kMomentum, list);
    project_ = Convolution(name + "_project_conv", inner, outputs, 1, 1, 1, list, seed);
    bn2_ = BatchNorm(name + "_bn2", outputs, kEpsilon, kMomentum, list);
  }

  at::Tensor operator()(const at::Tensor& input, bool training) const {
    auto x = input;
    if (expands_) x = bn0_(expand_(x), training).clamp_(0, 6);
    x = bn1_(depthwise_.same(x), training).clamp_(0, 6);
    x = bn2_(project_(x), training);
    return skips_ ? x.add_(input) : x;
  }

 private:
  bool expands_, skips_;
  Convolution expand_, depthwise_, project_;
  BatchNorm bn0_, bn1_, bn2_;
};

bool is_classifier_or_counter(const std::string& name) {
  return name.rfind("_fc.", 0) == 0 || name.find("num_batches_tracked") != std::string::npos;
}

/// EfficientNet-Lite (Tan, Le 2019; Liu 2020, TensorFlow TPU repository): EfficientNet without squeeze and
/// excitation, with ReLU6 and a stem and head that do not scale.
class EfficientNetLite final : public Encoder {
 public:
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
    const auto scale = variants().at(params.variant);
    stem_ = Convolution("_conv_stem", 3, kStem, 3, 2, 1, list_, site.seed);
    stem_bn_ = BatchNorm("_bn0", kStem, kEpsilon, kMomentum, list_);
    int64_t inputs = kStem, index = 0;
    for (int64_t s = 0; s < kStageCount; ++s) {
      const auto& stage = kStages[s];
      const bool ends = s == 0 || s == kStageCount - 1;  // their depth does not scale either
      const int64_t repeats =
          ends ? stage.repeats
               : static_cast<int64_t>(std::ceil(scale.depth * static_cast<double>(stage.repeats)));
      const int64_t outputs = scaled_channels(stage.outputs, scale.width);
      for (int64_t r = 0; r < repeats; ++r) {
        stages_[static_cast<size_t>(s)].emplace_back(index++, inputs, outputs, stage,
                                                     r == 0 ? stage.stride : 1, list_, site.seed);
        inputs = outputs;
      }
    }
    head_ = Convolution("_conv_head", inputs, kHead, 1, 1, 1, list_, site.seed);
    head_bn_ = BatchNorm("_bn1", kHead, kEpsilon, kMomentum, list_);
    if (!params.weights.empty()) {
      load_weights("efficientnet_" + params.variant, params.weights, list_, is_classifier_or_counter);
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return kHead; }
  std::vector<std::string> stages() const override {
    std::vector<std::string> names = {"stem"};
    for (int64_t s = 1; s <= kStageCount; ++s) names.push_back("stage" + std::to_string(s));
    names.push_back("head");
    return names;
  }
  std::vector<NamedTensor> parameters() override { return list_.parameters; }
  std::vector<NamedTensor> buffers() override { return list_.buffers; }
  void train(bool on) override { training_ = on; }

  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    auto x = input;
    for (int64_t stage = first; stage < last; ++stage) {
      if (stage == 0) {
        x = stem_bn_(stem_.same(x), training_).clamp_(0, 6);
      } else if (stage <= kStageCount) {
        for (const auto& block : stages_[static_cast<size_t>(stage - 1)]) x = block(x, training_);
      } else {
        x = global_average(head_bn_(head_(x), training_).clamp_(0, 6));
      }
    }
    return x;
  }

 private:
  TensorList list_;
  Convolution stem_, head_;
  BatchNorm stem_bn_, head_bn_;
  std::array<std::vector<InvertedResidual>, kStageCount> stages_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Encoder, EfficientNetLite, "kindred.efficientnet_lite", "1.0.0",
                  "EfficientNet-Lite0 to Lite4");
}  // namespace kindred
