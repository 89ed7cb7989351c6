#include <ATen/ATen.h>

#include <cmath>

#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace {

/// One matrix to another dimension.
class KINDRED_CLASS final : public kindred::Head {
 public:
  struct Params {
    int64_t dimension = 64;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("dimension", &Params::dimension)
          .doc("Numbers of the embeddings that come out.")
          .range(1, 65536);
    }
  };
  KINDRED_CLASS(const Params& params, const kindred::Site& site)
      : weight_(at::randn({params.dimension, site.input_dimension}) /
                std::sqrt(static_cast<double>(site.input_dimension))) {}

  int64_t output_dimension() const override { return weight_.size(0); }
  std::vector<kindred::NamedTensor> parameters() override { return {{"weight", weight_}}; }

  /// (B, D) -> (B, dimension).
  at::Tensor forward(const at::Tensor& embeddings) override { return embeddings.matmul(weight_.t()); }

 private:
  at::Tensor weight_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Head, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Linear map to another dimension");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A head: KINDRED_NAME");
