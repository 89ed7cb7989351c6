#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"

namespace {

/// Takes colour away.
class KINDRED_CLASS final : public kindred::Transform {
 public:
  struct Params {
    double strength = 1.0;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("strength", &Params::strength).doc("0 leaves the picture, 1 makes it grey.").range(0, 1);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : strength_(params.strength) {}

  /// uint8 (H, W, 3) -> uint8 (H, W, 3). Called by several threads at once.
  at::Tensor apply(const at::Tensor& image, kindred::Random&) const override {
    const auto colours = image.to(at::kFloat), grey = colours.mean(2, true);
    return (colours + strength_ * (grey - colours)).round().clamp(0, 255).to(at::kByte).contiguous();
  }

 private:
  double strength_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Transform, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Takes colour away");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A transform: KINDRED_NAME");
