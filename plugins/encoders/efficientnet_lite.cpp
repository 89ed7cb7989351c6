#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "kindred/encoder.hpp"
#include "kindred/io/published_tensors.hpp"
#include "kindred/plugin.hpp"
#include "nn/convolution_norm.hpp"
#include "nn/fused_inverted_residual.hpp"
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

  at::Tensor operator()(const at::Tensor& input, const nn::NormStatistics& statistics) const {
    if (!statistics.of_batch && fused_ && fused_->takes(input) && depthwise_.has_prepared_border(input))
      return fused_->run(input, skips_);
    auto x = input;
    if (expands_) x = expand_(x, nn::Activation::relu6, statistics);
    x = depthwise_(x, nn::Activation::relu6, statistics);
    return skips_ ? project_.added_to(input, x, nn::Activation::none, statistics)
                  : project_(x, nn::Activation::none, statistics);
  }

  /// See nn::ConvolutionNorm.
  void prepare_for_inference(at::ScalarType dtype) {
    for (auto* layer : {&expand_, &depthwise_, &project_}) layer->prepare_for_inference(dtype);
    fused_ = nn::FusedInvertedResidual::make(expand_.prepared(), depthwise_.prepared(), project_.prepared());
  }
  void undo_preparation() {
    fused_ = nullptr;
    for (auto* layer : {&expand_, &depthwise_, &project_}) layer->undo_preparation();
  }

 private:
  bool expands_, skips_;
  nn::ConvolutionNorm expand_, depthwise_, project_;
  std::shared_ptr<const nn::FusedInvertedResidual> fused_;
};

bool is_unused_by_efficientnet(const std::string& name) {
  return name.rfind("_fc.", 0) == 0 || name.rfind("pool.", 0) == 0 || name.rfind("classifier.", 0) == 0 ||
         name.find("num_batches_tracked") != std::string::npos;
}

/// timm's name of a tensor: "_blocks.3._expand_conv.weight" is "blocks.2.0.conv_pw.weight". `repeats`: how
/// many blocks each stage has.
std::string timm_name(const std::string& name, const std::vector<int64_t>& repeats) {
  const std::string block = "_blocks.";
  const auto renamed = [](const std::string& part, const std::map<std::string, std::string>& table) {
    const auto dot = part.find('.');
    return table.at(part.substr(0, dot)) + part.substr(dot);
  };
  if (name.rfind(block, 0) != 0) {
    static const std::map<std::string, std::string> outer = {
        {"_conv_stem", "conv_stem"}, {"_bn0", "bn1"}, {"_conv_head", "conv_head"}, {"_bn1", "bn2"}};
    return renamed(name, outer);
  }
  // The first stage does not expand: its blocks begin with what is second in the others.
  static const std::map<std::string, std::string> expanding = {
      {"_expand_conv", "conv_pw"},   {"_bn0", "bn1"}, {"_depthwise_conv", "conv_dw"}, {"_bn1", "bn2"},
      {"_project_conv", "conv_pwl"}, {"_bn2", "bn3"}};
  static const std::map<std::string, std::string> plain = {
      {"_depthwise_conv", "conv_dw"}, {"_bn1", "bn1"}, {"_project_conv", "conv_pw"}, {"_bn2", "bn2"}};
  const auto dot = name.find('.', block.size());
  int64_t index = std::stoll(name.substr(block.size(), dot - block.size()));
  size_t stage = 0;
  for (; index >= repeats[stage]; ++stage) index -= repeats[stage];
  return "blocks." + std::to_string(stage) + "." + std::to_string(index) + "." +
         renamed(name.substr(dot + 1), kLiteStages[stage].expansion > 1 ? expanding : plain);
}

/// TensorFlow's weights as timm converted them. The digits in a file's name begin its SHA-256.
std::vector<PublishedWeights> published_lites() {
  struct File {
    const char *variant, *digits;
    int64_t bytes;
  };
  constexpr File kFiles[] = {{"lite0", "0aa007d2", 18820223},
                             {"lite1", "bde8b488", 21939331},
                             {"lite2", "dcccb7df", 24658687},
                             {"lite3", "b733e338", 33161413},
                             {"lite4", "741542c3", 52558819}};
  std::vector<PublishedWeights> files;
  for (const auto& one : kFiles) {
    const std::string name = "efficientnet_" + std::string(one.variant);
    files.push_back({name, R"({"variant": ")" + std::string(one.variant) + R"("})",
                     "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/tf_" +
                         name + "-" + one.digits + ".pth",
                     one.digits, static_cast<double>(one.bytes) / (1 << 20), "Apache-2.0",
                     "TensorFlow TPU repository, ImageNet-1K, converted by timm"});
  }
  return files;
}

/// (x - 127) / 128 of bytes.
std::string expected_pictures(int64_t side) {
  const auto number = std::to_string(side);
  return R"([{"type": "kindred.resize", "width": )" + number + R"(, "height": )" + number +
         R"(, "interpolation": "bilinear"}, {"type": "kindred.normalize",
             "mean": [0.49803921568627452, 0.49803921568627452, 0.49803921568627452],
             "std": [0.50196078431372548, 0.50196078431372548, 0.50196078431372548]}])";
}

/// EfficientNet-Lite (Tan, Le 2019; Liu 2020, TensorFlow TPU repository): EfficientNet without squeeze and
/// excitation, with ReLU6 and a stem and head that do not scale.
class EfficientNetLite final : public Encoder, public PublishedTensors, public nn::SharesNormStatistics {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"tf_efficientnet_lite0", "efficientnet_lite0",
                                                 "efficientnet_lite1",    "efficientnet_lite2",
                                                 "efficientnet_lite3",    "efficientnet_lite4"};
  struct Params {
    std::string variant = "lite0";
    std::string weights;
    nn::PlacePooling pooling = nn::PlacePooling::mean;
    static void describe(Schema<Params>& schema) {
      schema.field("variant", &Params::variant)
          .doc("Which network; made for pictures of 224, 240, 260, 280 and 300 px.")
          .one_of({"lite0", "lite1", "lite2", "lite3", "lite4"});
      const std::map<std::string, int64_t> sides = {
          {"lite0", 224}, {"lite1", 240}, {"lite2", 260}, {"lite3", 280}, {"lite4", 300}};
      auto weights = schema.field("weights", &Params::weights);
      weights
          .doc(
              "The name of published weights, or a .pth or .safetensors file with the tensor names of "
              "efficientnet_lite_pytorch or of timm's tf_efficientnet_lite; its classifier is not used. "
              "\"random\": drawn by the seed, as is what a trainable encoder without weights begins with.")
          .initial_weights()
          .published(published_lites());
      for (const auto& [variant, side] : sides) {
        weights.expects(R"({"variant": ")" + variant + R"("})", expected_pictures(side));
      }
      nn::describe_pooling(schema.field("pooling", &Params::pooling));
    }
  };

  EfficientNetLite(const Params& params, const Site& site) : pool_(params.pooling) {
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
      repeats_.push_back(repeats);
      const int64_t outputs = scaled_channels(stage.outputs, scale.width);
      for (int64_t r = 0; r < repeats; ++r) {
        blocks_.emplace_back(index++, inputs, outputs, stage, r == 0 ? stage.stride : 1, list_, site.seed);
        inputs = outputs;
      }
    }
    head_ = nn::ConvolutionNorm("_conv_head", "_bn1", {inputs, kHeadChannels}, kLiteNorm, list_, site.seed);
    Weights weights;
    if (!params.weights.empty()) {
      weights = nn::load_weights("efficientnet_" + params.variant, params.weights, list_,
                                 is_unused_by_efficientnet, {timm_names()});
    }
    notes_ = weights.notes;
    std::vector<NamedTensor> of_pooling;  // which only a network that was trained with it has
    pool_.append_parameters(of_pooling);
    nn::copy_fitting_tensors(of_pooling, weights.tensors);
    list_.parameters.insert(list_.parameters.end(), of_pooling.begin(), of_pooling.end());
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return kHeadChannels; }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<std::string> stages() const override {
    std::vector<std::string> names = {"stem"};
    for (size_t i = 0; i < blocks_.size(); ++i) names.push_back("blocks." + std::to_string(i));
    names.insert(names.end(), {"head", "pool"});
    return names;
  }
  int64_t stage_of(const std::string& name) const override {
    const std::string block = "_blocks.";
    if (name.rfind(block, 0) == 0) return 1 + std::stoll(name.substr(block.size()));
    if (name.rfind("pool.", 0) == 0) return 2 + block_count();
    return name.rfind("_conv_stem.", 0) == 0 || name.rfind("_bn0.", 0) == 0 ? 0 : 1 + block_count();
  }
  bool runs_in_bfloat16() const override { return true; }
  bool runs_side_by_side() const override { return true; }
  std::vector<NamedTensor> parameters() override { return list_.parameters; }
  std::vector<NamedTensor> buffers() override { return list_.buffers; }
  /// Under timm's names, whose networks there are in Python.
  std::vector<NamedTensor> published_tensors() const override {
    std::vector<NamedTensor> all;
    for (const auto* tensors : {&list_.parameters, &list_.buffers}) {
      for (const auto& one : *tensors)
        all.push_back({one.name.front() == '_' ? timm_name(one.name, repeats_) : one.name, one.tensor});
    }
    return all;
  }
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
    const auto statistics = norm_statistics(training_ && !norms_frozen_);
    auto x = input;
    for (int64_t stage = first; stage < last; ++stage) {
      if (stage == 0) {
        x = stem_(x, nn::Activation::relu6, statistics);
      } else if (stage <= block_count()) {
        x = blocks_[static_cast<size_t>(stage - 1)](x, statistics);
      } else if (stage == block_count() + 1) {
        x = head_(x, nn::Activation::relu6, statistics);
      } else {
        x = pool_(x);
      }
    }
    return x;
  }

 private:
  int64_t block_count() const { return static_cast<int64_t>(blocks_.size()); }

  /// timm numbers blocks within their stage, and the norms of each from 1.
  NamingConvention timm_names() const {
    NamingConvention timm{"timm", {}};
    for (const auto* tensors : {&list_.parameters, &list_.buffers}) {
      for (const auto& one : *tensors) timm.names.emplace_back(timm_name(one.name, repeats_), one.name);
    }
    return timm;
  }

  nn::TensorList list_;
  nn::ConvolutionNorm stem_, head_;
  std::vector<InvertedResidual> blocks_;
  nn::GlobalPool pool_;
  std::vector<int64_t> repeats_;  ///< blocks of each stage
  std::vector<std::string> notes_;
  bool training_ = false, norms_frozen_ = false;
};

}  // namespace
KINDRED_COMPONENT(Encoder, EfficientNetLite, "kindred.efficientnet_lite", "1.1.0",
                  "EfficientNet-Lite0 to Lite4");
}  // namespace kindred
