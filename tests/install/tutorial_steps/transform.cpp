#include "kindred/transform.hpp"

#include <ATen/ATen.h>

#include "kindred/plugin.hpp"

namespace {

/// Takes colour away, more or less of it.
class MyTransform final : public kindred::Transform {
 public:
  struct Params {
    double strength = 1.0;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("strength", &Params::strength).doc("At most 1, which makes it grey.").range(0, 1);
    }
  };
  explicit MyTransform(const Params& params) : strength_(params.strength) {}

  // shown in the tutorial:
  at::Tensor apply(const at::Tensor& image, kindred::Random& random) const override {
    const double strength = random.uniform(0, strength_);
    const auto colours = image.to(at::kFloat), grey = colours.mean(2, true);
    return (colours + strength * (grey - colours)).round().clamp(0, 255).to(at::kByte).contiguous();
  }
  bool is_random() const override { return strength_ > 0; }
  // end

 private:
  double strength_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Transform, MyTransform, "my.next_transform", "0.1.0",
                  "Takes colour away by chance");
