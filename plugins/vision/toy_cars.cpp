#include <ATen/core/Tensor.h>

#include "kindred/dataset.hpp"
#include "kindred/plugin.hpp"
#include "toy_car_drawing.hpp"

namespace kindred {
namespace {

/// Drawn cars, for a first run without any files. A class is a model: its shape is fixed, while colour,
/// side, viewpoint, light and background change from picture to picture and give nothing away.
class ToyCarsDataset final : public Dataset {
 public:
  struct Params {
    int64_t classes = 80;
    int64_t samples = 24;
    int64_t size = 64;
    int64_t seed = 1;
    static void describe(Schema<Params>& schema) {
      schema.field("classes", &Params::classes).doc("How many models.").range(2, 100000);
      schema.field("samples", &Params::samples).doc("Pictures of each.").range(1, 100000);
      schema.field("size", &Params::size).doc("Width and height.").unit("px").range(16, 1024);
      schema.field("seed", &Params::seed).doc("Other seeds give other models.").minimum(0);
    }
  };

  explicit ToyCarsDataset(const Params& params) : params_(params) {
    for (int64_t label = 0; label < params.classes; ++label) {
      Random random(static_cast<uint64_t>(params.seed), 0, label);
      shapes_.push_back(random_shape(random));
      labels_.insert(labels_.end(), static_cast<size_t>(params.samples), label);
    }
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::vector<std::string> class_names() const override {
    std::vector<std::string> names;
    for (size_t i = 0; i < shapes_.size(); ++i) names.push_back("model " + std::to_string(i));
    return names;
  }
  at::Tensor read(int64_t index) const override {
    Random random(static_cast<uint64_t>(params_.seed), 1, index);
    return draw_car(shapes_[static_cast<size_t>(labels_.at(static_cast<size_t>(index)))],
                    static_cast<int>(params_.size), random);
  }
  std::string sample_name(int64_t index) const override { return "#" + std::to_string(index); }
  std::string fingerprint() const override {
    return "toy_cars 1 " + std::to_string(params_.classes) + " " + std::to_string(params_.samples) + " " +
           std::to_string(params_.size) + " " + std::to_string(params_.seed);
  }

 private:
  Params params_;
  std::vector<CarShape> shapes_;
  std::vector<int64_t> labels_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, ToyCarsDataset, "kindred.toy_cars", "1.0.0", "Drawn cars; needs no files");
}  // namespace kindred
