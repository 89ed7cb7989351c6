#include <ATen/ATen.h>

#include "dropout_params.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"
#include "nn/norms/batch_norm.hpp"

namespace kindred {
namespace {

/// Linear, or Linear - [batch norm] - ReLU - Linear, W_1 relu(W_0 x + b_0) + b_1 (Chen et al. 2020, section
/// 2.1); batch norm without a hidden layer follows the Linear.
class ProjectionHead final : public Head, public nn::SharesNormStatistics {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MLP", "MLPProjection", "Linear", "ProjectionHead", "Dense"};
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
      describe_dropout(schema);
    }
  };

  ProjectionHead(const Params& params, const Site& site)
      : params_(params),
        first_(site.input_dimension, params.hidden > 0 ? params.hidden : params.dimension),
        last_(params.hidden > 0 ? params.hidden : 1, params.hidden > 0 ? params.dimension : 1),
        norm_(params.hidden > 0 ? params.hidden : params.dimension) {}

  int64_t output_dimension() const override { return params_.dimension; }
  void train(bool on) override { training_ = on; }

  at::Tensor forward(const at::Tensor& embeddings) override {
    auto x = first_(nn::dropped(embeddings, params_.dropout, training_));
    if (params_.batch_norm) x = norm_(x, norm_statistics(training_));
    return params_.hidden > 0 ? last_(x.relu()) : x;
  }

  std::vector<NamedTensor> parameters() override {
    std::vector<NamedTensor> all;
    first_.append_parameters("fc_0.", all);
    if (params_.batch_norm) {
      for (auto& one : norm_.parameters()) all.push_back(one);
    }
    if (params_.hidden > 0) last_.append_parameters("fc_1.", all);
    return all;
  }

  std::vector<NamedTensor> buffers() override {
    return params_.batch_norm ? norm_.buffers() : std::vector<NamedTensor>{};
  }

 private:
  Params params_;
  bool training_ = false;
  nn::Linear first_, last_;
  nn::BatchNorm norm_;
};

}  // namespace
KINDRED_COMPONENT(Head, ProjectionHead, "kindred.projection", "1.0.0",
                  "A linear projection, optionally with a hidden layer and batch normalisation");
}  // namespace kindred
