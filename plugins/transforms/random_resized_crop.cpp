#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "crop.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"
#include "resample.hpp"

namespace kindred {
namespace {

constexpr int kTries = 10;

/// A window of random area and shape, resized (Szegedy et al. 2015, section 6): area uniform in the given
/// range of fractions, logarithm of width / height uniform, place uniform. When no window of ten fits, the
/// largest centred one whose shape is in range.
class RandomResizedCrop final : public Transform {
 public:
  struct Params {
    int64_t width = 224;
    int64_t height = 224;
    double scale_min = 0.25, scale_max = 1;
    double ratio_min = 0.75, ratio_max = 4.0 / 3;
    static void describe(Schema<Params>& schema) {
      schema.field("width", &Params::width).doc("Width of the result.").unit("px").range(1, 16384);
      schema.field("height", &Params::height).doc("Height of the result.").unit("px").range(1, 16384);
      schema.field("scale_min", &Params::scale_min)
          .doc("Smallest area of the window as a fraction of the picture's.")
          .range(1e-4, 1);
      schema.field("scale_max", &Params::scale_max).doc("Largest such area.").range(1e-4, 1);
      schema.field("ratio_min", &Params::ratio_min).doc("Smallest width / height.").range(0.01, 100);
      schema.field("ratio_max", &Params::ratio_max).doc("Largest width / height.").range(0.01, 100);
    }
  };

  explicit RandomResizedCrop(const Params& params) : params_(params) {
    if (params.scale_min > params.scale_max || params.ratio_min > params.ratio_max) {
      throw Error("random_resized_crop needs scale_min <= scale_max and ratio_min <= ratio_max");
    }
  }
  bool is_random() const override { return true; }

  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    const int64_t rows = image.size(0), columns = image.size(1);
    const double area = static_cast<double>(rows * columns);
    for (int i = 0; i < kTries; ++i) {
      const double target = area * random.uniform(params_.scale_min, params_.scale_max);
      const double ratio = std::exp(random.uniform(std::log(params_.ratio_min), std::log(params_.ratio_max)));
      const auto width = static_cast<int64_t>(std::lround(std::sqrt(target * ratio)));
      const auto height = static_cast<int64_t>(std::lround(std::sqrt(target / ratio)));
      if (width < 1 || height < 1 || width > columns || height > rows) continue;
      const int64_t top = random.below(rows - height + 1);
      return resized(image, top, random.below(columns - width + 1), height, width);
    }
    const double own = static_cast<double>(columns) / static_cast<double>(rows);
    const double ratio = std::clamp(own, params_.ratio_min, params_.ratio_max);
    const int64_t width = own > ratio ? std::lround(static_cast<double>(rows) * ratio) : columns;
    const int64_t height = own < ratio ? std::lround(static_cast<double>(columns) / ratio) : rows;
    return resized(image, (rows - height) / 2, (columns - width) / 2, std::max<int64_t>(height, 1),
                   std::max<int64_t>(width, 1));
  }

 private:
  at::Tensor resized(const at::Tensor& image, int64_t top, int64_t left, int64_t height,
                     int64_t width) const {
    return resample(crop(image, top, left, height, width), params_.height, params_.width,
                    Interpolation::bilinear);
  }
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Transform, RandomResizedCrop, "kindred.random_resized_crop", "1.0.0",
                  "A window of random size, shape and place, resized");
}  // namespace kindred
