#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

enum class CodeOfNumber { int8, binary };

/// Rounds embeddings to what codes of a byte or of a bit for each number can tell, so that a model learns
/// with the codes that are stored of it. The gradient passes as if nothing were rounded (straight-through
/// estimator: Bengio, Leonard, Courville 2013, section 4).
class QuantizeHead final : public Head {
 public:
  struct Params {
    CodeOfNumber to = CodeOfNumber::binary;
    static void describe(Schema<Params>& schema) {
      schema.field("to", &Params::to)
          .doc(
              "int8: the nearest of 255 numbers between plus and minus the largest of the row. binary: the "
              "sign, so that rows have length 1.")
          .one_of({"int8", "binary"});
    }
  };

  QuantizeHead(const Params& params, const Site& site) : params_(params), dimension_(site.input_dimension) {}

  int64_t output_dimension() const override { return dimension_; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    const auto rounded = round(embeddings.detach());
    if (!embeddings.requires_grad() || !at::GradMode::is_enabled()) return rounded;
    return embeddings + (rounded - embeddings).detach();
  }

 private:
  at::Tensor round(const at::Tensor& x) const {
    if (params_.to == CodeOfNumber::binary) {
      const double side = 1 / std::sqrt(static_cast<double>(dimension_));
      const auto signs = at::where(x >= 0, at::full({}, side, x.options()), at::full({}, -side, x.options()));
      return signs + (x - x);  // a number that is not finite stays seen
    }
    const auto step = x.abs().amax(1, true).div_(127).clamp_min_(1e-30);
    return x.div(step).round_().mul_(step);
  }

  Params params_;
  int64_t dimension_;
};

}  // namespace
KINDRED_COMPONENT(Head, QuantizeHead, "kindred.quantize", "1.0.0",
                  "Rounds embeddings to codes of a byte or a bit for each number, while training, too");
}  // namespace kindred
