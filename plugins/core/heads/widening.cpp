#include <algorithm>

#include "dropout_params.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "layers.hpp"
#include "nn/activation.hpp"
#include "nn/dropout.hpp"

namespace kindred {
namespace {

/// Linear to `factor` times the width, activation, Linear back, W_1 activation(W_0 x + b_0) + b_1, as in
/// Quaterion's WideningHead and the feed-forward layers of a transformer (Vaswani et al. 2017, eq. 2).
class WideningHead final : public Head {
 public:
  struct Params {
    double factor = 4.0;
    std::string activation = "relu";
    double dropout = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("factor", &Params::factor)
          .doc("Width of the hidden layer over that of the input.")
          .range(0.01, 64);
      schema.field("activation", &Params::activation)
          .doc("Of the hidden layer.")
          .one_of(nn::activation_names());
      describe_dropout(schema);
    }
  };

  WideningHead(const Params& params, const Site& site)
      : params_(params),
        dimension_(site.input_dimension),
        layers_({dimension_, hidden_width(), dimension_}, nn::activation_from_name(params.activation)) {}

  int64_t output_dimension() const override { return dimension_; }
  void train(bool on) override { training_ = on; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return layers_(nn::dropped(embeddings, params_.dropout, training_));
  }
  std::vector<NamedTensor> parameters() override { return layers_.parameters(); }

 private:
  int64_t hidden_width() const {
    return std::max<int64_t>(1, static_cast<int64_t>(params_.factor * static_cast<double>(dimension_)));
  }

  Params params_;
  int64_t dimension_;
  Layers layers_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, WideningHead, "kindred.widening", "1.0.0",
                  "A wider hidden layer, and back to the width of the input");
}  // namespace kindred
