#include <ATen/ATen.h>

#include "kindred/encoder.hpp"
#include "kindred/plugin.hpp"

namespace {

/// The mean colours of a grid laid over the picture: nothing to train, and a baseline that is easily beaten.
class KINDRED_CLASS final : public kindred::Encoder {
 public:
  struct Params {
    int64_t cells = 4;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("cells", &Params::cells).doc("Cells of the grid along each side.").range(1, 64);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : cells_(params.cells) {}

  kindred::ObjectKind object_kind() const override { return kindred::ObjectKind::image; }
  int64_t dimension() const override { return 3 * cells_ * cells_; }

  /// Normalised pictures (B, 3, H, W) -> float32 (B, 3 * cells * cells). There is one stage, so the range is
  /// always [0, 1). Encoders with several stages can be trained from any of them; see encoder.hpp.
  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override {
    return at::adaptive_avg_pool2d(input, {cells_, cells_}).flatten(1);
  }

 private:
  int64_t cells_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Encoder, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Mean colours of a grid");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "An encoder: KINDRED_NAME");
