#include <ATen/ATen.h>

#include "crop.hpp"
#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

class CenterCrop final : public Transform {
 public:
  struct Params {
    int64_t width = 224;
    int64_t height = 224;
    static void describe(Schema<Params>& schema) {
      schema.field("width", &Params::width).doc("Width of the window.").unit("px").range(1, 16384);
      schema.field("height", &Params::height)
          .doc("Height of the window; smaller pictures get black borders.")
          .unit("px")
          .range(1, 16384);
    }
  };

  explicit CenterCrop(const Params& params) : params_(params) {}

  at::Tensor apply(const at::Tensor& image, Random&) const override {
    return crop(image, middle(image.size(0), params_.height), middle(image.size(1), params_.width),
                params_.height, params_.width);
  }

 private:
  /// Halves go to the even neighbour, as Python rounds and torchvision therefore crops; a smaller picture
  /// has the surplus black line below and right.
  static int64_t middle(int64_t size, int64_t window) {
    const int64_t spare = size - window;
    if (spare < 0) return -((window - size) / 2);
    const int64_t half = spare / 2;
    return spare % 2 == 1 && half % 2 == 1 ? half + 1 : half;
  }
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Transform, CenterCrop, "kindred.center_crop", "1.0.0", "The middle of a picture");
}  // namespace kindred
