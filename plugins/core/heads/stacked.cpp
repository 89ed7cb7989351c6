#include "dropout_params.hpp"
#include "kindred/error.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "layers.hpp"
#include "nn/activation.hpp"
#include "nn/dropout.hpp"

namespace kindred {
namespace {

std::vector<int64_t> widths_of(int64_t inputs, const std::vector<int64_t>& outputs) {
  if (outputs.empty()) throw Error("stacked: \"dimensions\" is empty; name the output of at least one layer");
  std::vector<int64_t> widths = {inputs};
  widths.insert(widths.end(), outputs.begin(), outputs.end());
  return widths;
}

/// Linear layers one after the other with an activation between them (Rumelhart, Hinton, Williams 1986), as
/// in Quaterion's StackedProjectionHead: x <- W_i activation(x) + b_i after a first W_0 x + b_0.
class StackedHead final : public Head {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"StackedProjectionHead"};
  struct Params {
    std::vector<int64_t> dimensions = {256, 128};
    std::string activation = "relu";
    double dropout = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("dimensions", &Params::dimensions).doc("Outputs of each layer, in order.").range(1, 65536);
      schema.field("activation", &Params::activation)
          .doc("Between the layers.")
          .one_of(nn::activation_names());
      describe_dropout(schema);
    }
  };

  StackedHead(const Params& params, const Site& site)
      : params_(params),
        layers_(widths_of(site.input_dimension, params.dimensions),
                nn::activation_from_name(params.activation)) {}

  int64_t output_dimension() const override { return params_.dimensions.back(); }
  void train(bool on) override { training_ = on; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return layers_(nn::dropped(embeddings, params_.dropout, training_));
  }
  std::vector<NamedTensor> parameters() override { return layers_.parameters(); }

 private:
  Params params_;
  Layers layers_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, StackedHead, "kindred.stacked", "1.0.0",
                  "Several linear layers with activations between them");
}  // namespace kindred
