#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "layer_list.hpp"

namespace kindred {
namespace {

/// Layers one after the other, as a list names them (layer_list.hpp). Parameters are named after the place in
/// the list, so that a list that grows at its end keeps the names it had. No paper: what Quaterion's
/// SequentialHead does with modules; the layers say where they come from.
class SequentialHead final : public Head, public nn::SharesNormStatistics {
 public:
  struct Params {
    nlohmann::json layers = nlohmann::json::array({{{"linear", 256}}, "relu", {{"linear", 128}}});
    static void describe(Schema<Params>& schema) {
      schema.field("layers", &Params::layers)
          .doc(
              "In order: {\"linear\": outputs}, {\"dropout\": share}, \"batch_norm\", \"layer_norm\", "
              "\"l2_normalize\", or an activation: \"relu\", \"gelu\", \"silu\", \"tanh\", \"sigmoid\".")
          .type("array");
    }
  };

  SequentialHead(const Params& params, const Site& site)
      : layers_(listed_layers(params.layers, site.input_dimension)) {}

  int64_t output_dimension() const override { return layers_.back().outputs; }
  void train(bool on) override { training_ = on; }

  at::Tensor forward(const at::Tensor& embeddings) override {
    auto x = embeddings;
    const auto statistics = norm_statistics(training_);
    for (const auto& layer : layers_) x = layer.apply(x, statistics);
    return x;
  }

  std::vector<NamedTensor> parameters() override { return joined(&ListedLayer::parameters); }
  std::vector<NamedTensor> buffers() override { return joined(&ListedLayer::buffers); }

 private:
  std::vector<NamedTensor> joined(std::vector<NamedTensor> ListedLayer::*tensors) const {
    std::vector<NamedTensor> all;
    for (const auto& layer : layers_) {
      for (const auto& one : layer.*tensors) all.push_back(one);
    }
    return all;
  }

  std::vector<ListedLayer> layers_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, SequentialHead, "kindred.sequential", "1.0.0",
                  "Layers one after the other, as a list names them");
}  // namespace kindred
