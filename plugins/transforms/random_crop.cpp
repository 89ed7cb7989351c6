#include <ATen/ATen.h>

#include "crop.hpp"
#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

class RandomCrop final : public Transform {
 public:
  struct Params {
    int64_t width = 224;
    int64_t height = 224;
    int64_t padding = 0;
    static void describe(Schema<Params>& schema) {
      schema.field("width", &Params::width).doc("Width of the window.").unit("px").range(1, 16384);
      schema.field("height", &Params::height).doc("Height of the window.").unit("px").range(1, 16384);
      schema.field("padding", &Params::padding)
          .doc("How far the window may reach over the border, into black.")
          .unit("px")
          .range(0, 16384);
    }
  };

  explicit RandomCrop(const Params& params) : params_(params) {}
  bool is_random() const override { return true; }

  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    const int64_t top = place(image.size(0), params_.height, random);
    const int64_t left = place(image.size(1), params_.width, random);
    return crop(image, top, left, params_.height, params_.width);
  }

 private:
  /// Uniform among the places that keep the window inside the padded picture; the middle when it is larger.
  int64_t place(int64_t size, int64_t window, Random& random) const {
    const int64_t room = size + 2 * params_.padding - window;
    return room > 0 ? random.below(room + 1) - params_.padding : (size - window) / 2;
  }
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Transform, RandomCrop, "kindred.random_crop", "1.0.0", "A window at a random place");
}  // namespace kindred
