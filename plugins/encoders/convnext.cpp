#include <ATen/ATen.h>

#include "convnext_folder.hpp"
#include "convnext_network.hpp"
#include "convnext_variants.hpp"
#include "convnext_weights.hpp"
#include "kindred/encoder.hpp"
#include "kindred/plugin.hpp"
#include "nn/tensor_list.hpp"

namespace kindred {
namespace {

class ConvNext final : public Encoder {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"ConvNeXt",      "ConvNeXtV2",      "convnextv2",
                                                 "ConvNextModel", "ConvNextV2Model", "convnext_tiny",
                                                 "convnext_base", "convnextv2_tiny", "convnextv2_base"};
  struct Params {
    std::string folder;
    std::string variant = "convnext_tiny";
    std::string weights;
    nn::PlacePooling pooling = nn::PlacePooling::mean;
    static void describe(Schema<Params>& schema) {
      schema.field("folder", &Params::folder)
          .doc(
              "A folder as Hugging Face gives it, with config.json and weights: convnext, convnextv2, "
              "dinov3_convnext, or a network of timm. It takes the place of \"variant\" and \"weights\".")
          .resource()
          .expects("{}", "\"preprocessor_config.json\"")
          .example("\"convnextv2_tiny\"");
      schema.field("variant", &Params::variant)
          .doc("Without a folder: which network \"weights\" is of, by timm's name.")
          .one_of(convnext_variants());
      auto weights = schema.field("weights", &Params::weights);
      weights
          .doc(
              "The name of published weights, or a .pth or .safetensors file with the tensor names of timm, "
              "torchvision, the authors or Hugging Face; its classifier is not used. \"random\": drawn by "
              "the seed, as is what a trainable encoder without weights begins with.")
          .initial_weights()
          .published(published_convnexts());
      for (const auto& [transforms, names] : convnexts_by_transforms())
        weights.expects(nlohmann::json{{"variant", names}}.dump(), transforms);
      nn::describe_pooling(schema.field("pooling", &Params::pooling));
    }
  };

  ConvNext(const Params& params, const Site& site) : network_(config_of(params), params.pooling) {
    const bool from_folder = !params.folder.empty();
    const auto weights = from_folder ? find_weights(params.folder) : params.weights;
    if (!weights.empty()) {
      notes_ = load_convnext(from_folder ? "ConvNeXt" : params.variant, weights, network_);
      return;
    }
    network_.draw(site.seed);
    if (from_folder) notes_ = {params.folder + " holds no weights, so they are random"};
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return network_.dimension(); }
  std::vector<std::string> stages() const override { return network_.stages(); }
  int64_t stage_of(const std::string& name) const override { return network_.stage_of(name); }
  bool runs_in_bfloat16() const override { return true; }
  bool runs_side_by_side() const override { return true; }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<NamedTensor> parameters() override {
    auto all = network_.tensors().parameters;
    const auto& of_pooling = network_.pooling_tensors();
    all.insert(all.end(), of_pooling.begin(), of_pooling.end());
    return all;
  }
  void train(bool on) override {
    if (on) network_.undo_preparation();
  }
  void prepare_for_inference(at::ScalarType dtype) override { network_.prepare_for_inference(dtype); }
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    return network_.run_stages(input, first, last);
  }

 private:
  static ConvNextConfig config_of(const Params& params) {
    nn::refuse_two_origins(params.folder, params.weights);
    return params.folder.empty() ? convnext_variant(params.variant) : read_convnext_folder(params.folder);
  }

  ConvNextNetwork network_;
  std::vector<std::string> notes_;
};

}  // namespace
KINDRED_COMPONENT(Encoder, ConvNext, "kindred.convnext", "1.0.0", "ConvNeXt and ConvNeXt V2");
}  // namespace kindred
