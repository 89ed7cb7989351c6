#include <ATen/ATen.h>

#include <map>

#include "folder_config.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/published_tensors.hpp"
#include "kindred/io/weights.hpp"
#include "kindred/plugin.hpp"
#include "nn/tensor_list.hpp"
#include "published_variants.hpp"
#include "vision_transformer.hpp"

namespace kindred {
namespace {

bool every_name(const std::string&) { return true; }
bool is_of_pooling(const std::string& name) { return name.rfind("pool.", 0) == 0; }

const std::map<std::string, TokenPooling>& poolings() {
  static const std::map<std::string, TokenPooling> all = {{"cls", TokenPooling::cls},
                                                          {"mean", TokenPooling::mean},
                                                          {"cls+mean", TokenPooling::cls_and_mean},
                                                          {"gem", TokenPooling::gem},
                                                          {"attention", TokenPooling::attention}};
  return all;
}

class VitEncoder final : public Encoder, public PublishedTensors {
 public:
  static constexpr const char* kAlsoKnownAs[] = {
      "ViT",         "VisionTransformer", "DINOv2", "DINOv3", "CLIP", "SigLIP",
      "Dinov2Model", "ViTModel",          "dinov2", "dinov3", "clip", "siglip"};
  struct Params {
    std::string folder;
    std::string variant = "vit_small_patch14_dinov2";
    std::string weights;
    std::string pooling = "default";
    static void describe(Schema<Params>& schema) {
      schema.field("folder", &Params::folder)
          .doc(
              "A folder as Hugging Face gives it, with config.json and weights: dinov2, "
              "dinov2_with_registers, dinov3_vit, vit, clip, siglip, the vision tower of one of the "
              "last two, or a network of timm. It takes the place of \"variant\" and \"weights\".")
          .resource()
          .expects("{}", "\"preprocessor_config.json\"")
          .example("\"dinov2-small\"");
      schema.field("variant", &Params::variant)
          .doc("Without a folder: which network \"weights\" is of, by timm's name or DINOv2's own.")
          .one_of(published_variants());
      auto weights =
          schema.field("weights", &Params::weights)
              .doc(
                  "A .pth or .safetensors file with the tensor names of timm, or of DINOv2 where "
                  "\"variant\" is a name of its own. \"random\": drawn by the seed, as is what a trainable "
                  "encoder without weights begins with.")
              .initial_weights();
      for (const auto& [transforms, names] : variants_by_transforms())
        weights.expects(nlohmann::json{{"variant", names}}.dump(), transforms);
      schema.field("pooling", &Params::pooling)
          .doc(
              "What becomes of the tokens. default: as the network was trained, which is the projected "
              "class token of CLIP, SigLIP's attention pooling, and mostly the class token. cls: the "
              "class token, of CLIP without its projection; mean: the mean of the patches; cls+mean: "
              "both beside each other; gem: the generalised mean of the patches; attention: attention "
              "pooling, which begins at random where the weights have none.")
          .one_of({"default", "cls", "mean", "cls+mean", "gem", "attention"});
    }
  };

  VitEncoder(const Params& params, const Site& site) : VitEncoder(params, site, network_of(params)) {}

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return network_.dimension(); }
  std::vector<std::string> stages() const override { return network_.stages(); }
  int64_t stage_of(const std::string& name) const override { return network_.stage_of(name); }
  bool runs_in_bfloat16() const override { return true; }
  bool runs_side_by_side() const override { return true; }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<NamedTensor> parameters() override { return network_.parameters(); }
  std::vector<NamedTensor> published_tensors() const override {
    return under_stored_names(network_.parameters(), names_);
  }
  void train(bool on) override {
    if (on) network_.undo_preparation();
  }
  void prepare_for_inference(at::ScalarType) override { network_.prepare_for_inference(); }
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    return network_.run_stages(input, first, last);
  }

 private:
  VitEncoder(const Params& params, const Site& site, const StoredNetwork& stored)
      : network_(stored.config), names_(stored.names) {
    const bool from_folder = !params.folder.empty();
    const auto weights = from_folder ? find_weights(params.folder) : params.weights;
    network_.draw(site.seed, weights.empty() ? every_name : is_of_pooling);
    if (!weights.empty()) {
      const auto what = (from_folder ? stored.names.library : params.variant) + " weights";
      const auto drawn = pooling_query().clone();
      notes_ = load_stored(what, weights, network_.parameters(), stored.names);
      if (!stored.has_pooling_head && drawn.numel() > 0 && at::equal(pooling_query(), drawn))
        notes_.push_back(weights + " has no attention pooling, so that it is random; train it");
    } else if (from_folder) {
      notes_ = {params.folder + " holds no weights, so they are random"};
    }
  }

  /// Of attention pooling; empty where the network has none.
  at::Tensor pooling_query() const {
    for (const auto& one : network_.parameters()) {
      if (one.name == "pool.probe") return one.tensor;
    }
    return at::empty({0}, at::kFloat);
  }

  static StoredNetwork network_of(const Params& params) {
    nn::refuse_two_origins(params.folder, params.weights);
    auto stored =
        params.folder.empty() ? published_variant(params.variant) : read_vision_folder(params.folder);
    const auto chosen = poolings().find(params.pooling);
    if (chosen != poolings().end()) stored.take_pooling(chosen->second);
    return stored;
  }

  VisionTransformer network_;
  StoredNames names_;
  std::vector<std::string> notes_;
};

}  // namespace
KINDRED_COMPONENT(Encoder, VitEncoder, "kindred.vit", "1.0.0",
                  "Vision transformers: ViT, DINOv2, DINOv3, CLIP and SigLIP");
}  // namespace kindred
