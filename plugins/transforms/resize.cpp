#include <ATen/core/Tensor.h>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"
#include "resample.hpp"

namespace kindred {
namespace {

class Resize final : public Transform {
 public:
  struct Params {
    int64_t width = 0;
    int64_t height = 0;
    int64_t shorter_side = 0;
    std::string interpolation = "bilinear";
    static void describe(Schema<Params>& schema) {
      schema.field("width", &Params::width)
          .doc("Exact width; goes with height.")
          .unit("px")
          .example("224")
          .range(0, 16384);
      schema.field("height", &Params::height)
          .doc("Exact height; goes with width.")
          .unit("px")
          .example("224")
          .range(0, 16384);
      schema.field("shorter_side", &Params::shorter_side)
          .doc("In place of width and height: the shorter side becomes this long, the shape is kept.")
          .unit("px")
          .range(0, 16384);
      schema.field("interpolation", &Params::interpolation)
          .doc("Both are antialiased and equal Pillow's.")
          .one_of({"bilinear", "bicubic"});
    }
  };

  explicit Resize(const Params& params)
      : params_(params),
        interpolation_(params.interpolation == "bicubic" ? Interpolation::bicubic : Interpolation::bilinear) {
    const bool exact = params.width > 0 && params.height > 0;
    const bool neither = params.width == 0 && params.height == 0;
    if (!(exact && params.shorter_side == 0) && !(neither && params.shorter_side > 0)) {
      throw Error("resize needs either width and height, or shorter_side");
    }
  }

  at::Tensor apply(const at::Tensor& image, Random&) const override {
    if (params_.shorter_side == 0) return resample(image, params_.height, params_.width, interpolation_);
    const int64_t height = image.size(0), width = image.size(1), side = params_.shorter_side;
    if (width <= height) return resample(image, side * height / width, side, interpolation_);
    return resample(image, side, side * width / height, interpolation_);
  }

 private:
  Params params_;
  Interpolation interpolation_;
};

}  // namespace
KINDRED_COMPONENT(Transform, Resize, "kindred.resize", "1.0.0",
                  "Antialiased resize to an exact size or by the shorter side");
}  // namespace kindred
