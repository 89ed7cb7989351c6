#include <ATen/ATen.h>

#include "kindred/plugin.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

class HorizontalFlip final : public Transform {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"RandomHorizontalFlip", "HFlip"};
  struct Params {
    double probability = 0.5;
    static void describe(Schema<Params>& schema) {
      schema.field("probability", &Params::probability).doc("How often a picture is mirrored.").range(0, 1);
    }
  };

  explicit HorizontalFlip(const Params& params) : params_(params) {}
  bool is_random() const override { return params_.probability > 0 && params_.probability < 1; }
  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    return random.chance(params_.probability) ? image.flip({1}) : image;
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Transform, HorizontalFlip, "kindred.horizontal_flip", "1.0.0",
                  "Mirrors left and right at random");
}  // namespace kindred
