#include <ATen/core/Tensor.h>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

class Normalize final : public Transform {
 public:
  struct Params {
    std::vector<double> mean = {0.485, 0.456, 0.406};
    std::vector<double> std = {0.229, 0.224, 0.225};
    static void describe(Schema<Params>& schema) {
      schema.field("mean", &Params::mean)
          .doc("Per channel (red, green, blue) of pictures scaled to 0..1; default: ImageNet's.")
          .range(-10, 10);
      schema.field("std", &Params::std).doc("What the difference is divided by.").range(1e-6, 1000);
    }
  };

  explicit Normalize(const Params& params) {
    if (params.mean.size() != 3 || params.std.size() != 3) {
      throw Error("normalize needs three numbers in mean and in std, one per channel");
    }
    for (size_t c = 0; c < 3; ++c) {
      normalization_.mean[c] = params.mean[c];
      normalization_.std[c] = params.std[c];
    }
  }

  at::Tensor apply(const at::Tensor& image, Random&) const override { return image; }
  bool normalization(Normalization& out) const override {
    out = normalization_;
    return true;
  }

 private:
  Normalization normalization_;
};

}  // namespace
KINDRED_COMPONENT(Transform, Normalize, "kindred.normalize", "1.0.0",
                  "(x - mean) / std per channel, done by the encoder");
}  // namespace kindred
