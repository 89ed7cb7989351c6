#include <ATen/ATen.h>

#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"

namespace kindred {
namespace {

/// x <- Linear(x) * sigmoid(g) + x, once per layer: a residual layer (He et al. 2016, eq. 1) with the gates
/// of Quaterion's SkipConnectionHead. The gates g start at -4, so that the head begins close to the identity
/// (sigmoid(-4) = 0.018) and tuning starts from what the encoder knows already.
class SkipConnectionHead final : public Head {
 public:
  struct Params {
    double dropout = 0.0;
    double skip_dropout = 0.0;
    int64_t layers = 1;
    static void describe(Schema<Params>& schema) {
      schema.field("dropout", &Params::dropout)
          .doc("Share of the inputs that are zeroed while training, on both paths.")
          .range(0, 0.99);
      schema.field("skip_dropout", &Params::skip_dropout)
          .doc("Share of the inputs of the linear branch alone that are zeroed while training.")
          .range(0, 0.99);
      schema.field("layers", &Params::layers).doc("How many such layers follow each other.").range(1, 64);
    }
  };

  SkipConnectionHead(const Params& params, const Site& site)
      : params_(params), dimension_(site.input_dimension) {
    for (int64_t i = 0; i < params.layers; ++i) {
      gates_.push_back(at::full({dimension_}, -4.0, at::kFloat));
      linears_.emplace_back(dimension_, dimension_);
    }
  }

  int64_t output_dimension() const override { return dimension_; }
  void train(bool on) override { training_ = on; }

  at::Tensor forward(const at::Tensor& embeddings) override {
    auto x = nn::dropped(embeddings, params_.dropout, training_);
    for (size_t i = 0; i < linears_.size(); ++i) {
      x = linears_[i](nn::dropped(x, params_.skip_dropout, training_)) * gates_[i].sigmoid() + x;
    }
    return x;
  }

  std::vector<NamedTensor> parameters() override {
    std::vector<NamedTensor> all;
    for (size_t i = 0; i < linears_.size(); ++i) {
      all.push_back({"gates_" + std::to_string(i), gates_[i]});
      linears_[i].append_parameters("fc_" + std::to_string(i) + ".", all);
    }
    return all;
  }

 private:
  Params params_;
  int64_t dimension_;
  bool training_ = false;
  std::vector<at::Tensor> gates_;
  std::vector<nn::Linear> linears_;
};

}  // namespace
KINDRED_COMPONENT(Head, SkipConnectionHead, "kindred.skip_connection", "1.0.0",
                  "A gated linear layer beside the identity; starts close to the identity");
}  // namespace kindred
