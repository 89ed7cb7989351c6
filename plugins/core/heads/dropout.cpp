#include "nn/dropout.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Zeroes numbers of the embeddings with probability p while training, and divides the others by 1 - p
/// (Srivastava et al. 2014). A stage between other heads.
class DropoutHead final : public Head {
 public:
  struct Params {
    double probability = 0.1;
    static void describe(Schema<Params>& schema) {
      schema.field("probability", &Params::probability)
          .doc("Share that is zeroed while training.")
          .range(0, 0.99);
    }
  };

  DropoutHead(const Params& params, const Site& site) : params_(params), dimension_(site.input_dimension) {}

  int64_t output_dimension() const override { return dimension_; }
  void train(bool on) override { training_ = on; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return nn::dropped(embeddings, params_.probability, training_);
  }

 private:
  Params params_;
  int64_t dimension_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, DropoutHead, "kindred.dropout", "1.0.0",
                  "Zeroes a share of the embeddings while training");
}  // namespace kindred
