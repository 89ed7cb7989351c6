#include <ATen/ATen.h>

#include "dropout_params.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"
#include "nn/dropout.hpp"

namespace kindred {
namespace {

/// x tanh(g), a trained weight for each number of the embedding. The gates g start at 2 (tanh = 0.964). No
/// paper: the form is that of Quaterion's GatedHead.
class GatedHead final : public Head {
 public:
  struct Params {
    double dropout = 0.0;
    static void describe(Schema<Params>& schema) { describe_dropout(schema); }
  };

  GatedHead(const Params& params, const Site& site)
      : params_(params), gates_(at::full({site.input_dimension}, 2.0, at::kFloat)) {}

  int64_t output_dimension() const override { return gates_.numel(); }
  void train(bool on) override { training_ = on; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return nn::dropped(embeddings, params_.dropout, training_) * gates_.tanh();
  }
  std::vector<NamedTensor> parameters() override { return {{"gates", gates_}}; }

 private:
  Params params_;
  at::Tensor gates_;
  bool training_ = false;
};

}  // namespace
KINDRED_COMPONENT(Head, GatedHead, "kindred.gated", "1.0.0",
                  "A trained weight for each number of the embedding");
}  // namespace kindred
