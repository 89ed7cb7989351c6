#include <ATen/ATen.h>

#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "linear.hpp"

namespace kindred {
namespace {

/// Linear, or Linear - [batch norm] - ReLU - Linear; batch norm without a hidden layer follows the Linear.
class ProjectionHead final : public Head {
 public:
  struct Params {
    int64_t dimension = 128;
    int64_t hidden = 0;
    bool batch_norm = false;
    double dropout = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("dimension", &Params::dimension)
          .doc("D' of the embeddings that come out.")
          .range(1, 65536);
      schema.field("hidden", &Params::hidden)
          .doc("Width of a hidden layer with ReLU; 0 for none.")
          .range(0, 65536);
      schema.field("batch_norm", &Params::batch_norm)
          .doc("Batch normalisation of the hidden layer, or of the output where there is none.");
      schema.field("dropout", &Params::dropout)
          .doc("Share of the inputs that are zeroed while training.")
          .range(0, 0.99);
    }
  };

  ProjectionHead(const Params& params, const Site& site)
      : params_(params),
        first_(site.input_dimension, params.hidden > 0 ? params.hidden : params.dimension),
        last_(params.hidden > 0 ? params.hidden : 1, params.hidden > 0 ? params.dimension : 1) {
    if (!params.batch_norm) return;
    const int64_t width = params.hidden > 0 ? params.hidden : params.dimension;
    scale_ = at::ones({width}, at::kFloat);
    shift_ = at::zeros({width}, at::kFloat);
    running_mean_ = at::zeros({width}, at::kFloat);
    running_var_ = at::ones({width}, at::kFloat);
  }

  int64_t output_dimension() const override { return params_.dimension; }
  void train(bool on) override { training_ = on; }

  at::Tensor forward(const at::Tensor& embeddings) override {
    auto x = first_(dropped(embeddings, params_.dropout, training_));
    if (params_.batch_norm) {
      x = at::batch_norm(x, scale_, shift_, running_mean_, running_var_, training_ && x.size(0) > 1, 0.1,
                         1e-5, false);
    }
    return params_.hidden > 0 ? last_(x.relu()) : x;
  }

  std::vector<NamedTensor> parameters() override {
    std::vector<NamedTensor> all;
    first_.append_parameters("fc_0.", all);
    if (params_.batch_norm) {
      all.push_back({"bn.weight", scale_});
      all.push_back({"bn.bias", shift_});
    }
    if (params_.hidden > 0) last_.append_parameters("fc_1.", all);
    return all;
  }

  std::vector<NamedTensor> buffers() override {
    if (!params_.batch_norm) return {};
    return {{"bn.running_mean", running_mean_}, {"bn.running_var", running_var_}};
  }

 private:
  Params params_;
  bool training_ = false;
  Linear first_, last_;
  at::Tensor scale_, shift_, running_mean_, running_var_;
};

}  // namespace
KINDRED_COMPONENT(Head, ProjectionHead, "kindred.projection", "1.0.0",
                  "A linear projection, optionally with a hidden layer and batch normalisation");
}  // namespace kindred
