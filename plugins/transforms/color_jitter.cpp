#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

constexpr double kRed = 0.299, kGreen = 0.587, kBlue = 0.114;  // luma of ITU-R BT.601

/// Changes brightness, contrast, saturation and hue by random amounts, in this order.
class ColorJitter final : public Transform {
 public:
  struct Params {
    double brightness = 0.2;
    double contrast = 0.2;
    double saturation = 0.2;
    double hue = 0.0;
    static void describe(Schema<Params>& schema) {
      schema.field("brightness", &Params::brightness)
          .doc("b: pixels times a factor from [1 - b, 1 + b].")
          .range(0, 1);
      schema.field("contrast", &Params::contrast)
          .doc("c: distance to the mean grey times a factor from [1 - c, 1 + c].")
          .range(0, 1);
      schema.field("saturation", &Params::saturation)
          .doc("s: distance to the pixel's grey times a factor from [1 - s, 1 + s].")
          .range(0, 1);
      schema.field("hue", &Params::hue)
          .doc("h: colours turn by an angle from [-h, h] of a full turn, in the YIQ plane.")
          .range(0, 0.5);
    }
  };

  explicit ColorJitter(const Params& params) : params_(params) {}
  bool is_random() const override {
    return params_.brightness > 0 || params_.contrast > 0 || params_.saturation > 0 || params_.hue > 0;
  }

  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    const double brightness = random.uniform(1 - params_.brightness, 1 + params_.brightness);
    const double contrast = random.uniform(1 - params_.contrast, 1 + params_.contrast);
    const double saturation = random.uniform(1 - params_.saturation, 1 + params_.saturation);
    const double angle = random.uniform(-params_.hue, params_.hue) * 6.283185307179586;

    // All four are affine in the pixel, so they make one 3 x 3 matrix and one offset.
    const auto source = image.contiguous();
    const double offset = brightness * mean_grey(source) * (1 - contrast);
    auto matrix = multiplied(hue_matrix(angle), saturation_matrix(saturation));
    for (auto& value : matrix) value *= brightness * contrast;

    auto out = at::empty_like(source);
    const auto* from = source.data_ptr<uint8_t>();
    auto* to = out.data_ptr<uint8_t>();
    for (int64_t i = 0; i < source.numel(); i += 3) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto* row = matrix.data() + c * 3;
        const double value = row[0] * from[i] + row[1] * from[i + 1] + row[2] * from[i + 2] + offset;
        to[i + c] = static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
      }
    }
    return out;
  }

 private:
  using Matrix = std::array<double, 9>;

  static double mean_grey(const at::Tensor& image) {
    const auto* pixel = image.data_ptr<uint8_t>();
    double sum = 0;
    for (int64_t i = 0; i < image.numel(); i += 3)
      sum += kRed * pixel[i] + kGreen * pixel[i + 1] + kBlue * pixel[i + 2];
    return sum / static_cast<double>(std::max<int64_t>(1, image.numel() / 3));
  }

  static Matrix multiplied(const Matrix& a, const Matrix& b) {
    Matrix out{};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) {
        for (size_t k = 0; k < 3; ++k) out[i * 3 + j] += a[i * 3 + k] * b[k * 3 + j];
      }
    }
    return out;
  }

  static Matrix saturation_matrix(double factor) {
    const double grey[3] = {kRed * (1 - factor), kGreen * (1 - factor), kBlue * (1 - factor)};
    return {grey[0] + factor, grey[1], grey[2], grey[0],         grey[1] + factor,
            grey[2],          grey[0], grey[1], grey[2] + factor};
  }

  /// Turns the chroma plane of YIQ; rows of a pixel keep their luma.
  static Matrix hue_matrix(double angle) {
    const Matrix to_yiq = {kRed,      kGreen,   kBlue,     0.595716, -0.274453,
                           -0.321263, 0.211456, -0.522591, 0.311135};
    const Matrix from_yiq = {1, 0.9563, 0.6210, 1, -0.2721, -0.6474, 1, -1.1070, 1.7046};
    const double c = std::cos(angle), s = std::sin(angle);
    if (angle == 0) return {1, 0, 0, 0, 1, 0, 0, 0, 1};  // the rounded tables above are no exact inverses
    return multiplied(from_yiq, multiplied({1, 0, 0, 0, c, -s, 0, s, c}, to_yiq));
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Transform, ColorJitter, "kindred.color_jitter", "1.0.0",
                  "Random brightness, contrast, saturation and hue");
}  // namespace kindred
