#include <ATen/ATen.h>

#include "dropout_params.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"

namespace kindred {
namespace {

/// Linear to groups * size numbers z, and a softmax within each group, exp(z_gk) / sum_j exp(z_gj): every
/// group is a distribution, whose entropy says how sure the embedding is. No paper: the form is that of
/// Quaterion's SoftmaxEmbeddingsHead.
class SoftmaxEmbeddingsHead final : public Head {
 public:
  struct Params {
    int64_t groups = 16;
    int64_t size = 16;
    double dropout = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("groups", &Params::groups).doc("How many distributions an embedding has.").range(1, 65536);
      schema.field("size", &Params::size).doc("Numbers of each.").range(1, 65536);
      describe_dropout(schema);
    }
  };

  SoftmaxEmbeddingsHead(const Params& params, const Site& site)
      : params_(params), linear_(site.input_dimension, params.groups * params.size) {}

  int64_t output_dimension() const override { return params_.groups * params_.size; }
  void train(bool on) override { training_ = on; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    const auto x = linear_(nn::dropped(embeddings, params_.dropout, training_));
    return x.view({-1, params_.groups, params_.size}).softmax(2).view({x.size(0), output_dimension()});
  }
  std::vector<NamedTensor> parameters() override {
    std::vector<NamedTensor> all;
    linear_.append_parameters("fc_0.", all);
    return all;
  }

 private:
  Params params_;
  nn::Linear linear_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, SoftmaxEmbeddingsHead, "kindred.softmax_embeddings", "1.0.0",
                  "Embeddings that are groups of probabilities");
}  // namespace kindred
