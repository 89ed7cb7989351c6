#include <ATen/core/Tensor.h>

#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "nn/dropout.hpp"

namespace kindred {
namespace {

/// x itself. No paper: it is Quaterion's EmptyHead.
class EmptyHead final : public Head {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"Identity", "NoHead"};
  struct Params {
    double dropout = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("dropout", &Params::dropout)
          .doc("Share of the inputs that are zeroed while training.")
          .range(0, 0.99);
    }
  };

  EmptyHead(const Params& params, const Site& site) : params_(params), dimension_(site.input_dimension) {}
  int64_t output_dimension() const override { return dimension_; }
  at::Tensor forward(const at::Tensor& x) override { return nn::dropped(x, params_.dropout, training_); }
  void train(bool on) override { training_ = on; }

 private:
  Params params_;
  int64_t dimension_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, EmptyHead, "kindred.empty", "1.0.0", "Passes embeddings on");
}  // namespace kindred
