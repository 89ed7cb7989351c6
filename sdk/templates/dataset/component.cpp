#include <ATen/ATen.h>

#include <sstream>

#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace {

/// Vectors drawn around a random centre per class.
class KINDRED_CLASS final : public kindred::Dataset {
 public:
  struct Params {
    int64_t classes = 40, samples = 10, dimension = 32;
    double spread = 0.7;
    int64_t seed = 0;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("classes", &Params::classes).doc("Number of classes.").range(1, 100000);
      schema.field("samples", &Params::samples).doc("Samples of each.").range(1, 100000);
      schema.field("dimension", &Params::dimension).doc("Numbers per sample.").range(1, 65536);
      schema.field("spread", &Params::spread).doc("Standard deviation around the centre.").range(0, 100);
      schema.field("seed", &Params::seed).doc("Another one gives other vectors.").range(0, 1 << 30);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : params_(params), seed_(static_cast<uint64_t>(params.seed)) {
    for (int64_t i = 0; i < size(); ++i) labels_.push_back(i / params.samples);
  }

  kindred::ObjectKind object_kind() const override { return kindred::ObjectKind::vector; }
  int64_t size() const override { return params_.classes * params_.samples; }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::string sample_name(int64_t index) const override { return "#" + std::to_string(index); }

  /// float32 (dimension). Called by several threads at once.
  at::Tensor read(int64_t index) const override {
    if (index < 0 || index >= size()) throw kindred::Error("there is no sample " + std::to_string(index));
    kindred::Random centre(seed_, 0, labels_[static_cast<size_t>(index)]), own(seed_, 1, index);
    std::vector<float> values;
    for (int64_t i = 0; i < params_.dimension; ++i) {
      values.push_back(static_cast<float>(centre.uniform(-1, 1) + params_.spread * own.uniform(-1.7, 1.7)));
    }
    return at::tensor(values, at::kFloat);
  }

  at::Tensor matrix() const override {
    std::vector<at::Tensor> rows;
    for (int64_t i = 0; i < size(); ++i) rows.push_back(read(i));
    return at::stack(rows);
  }

  /// Whatever changes the samples must change this: it keys the cache of embeddings.
  std::string fingerprint() const override {
    std::ostringstream text;
    text.precision(17);
    text << params_.classes << ' ' << params_.samples << ' ' << params_.dimension << ' ' << params_.spread
         << ' ' << seed_;
    return text.str();
  }

 private:
  Params params_;
  uint64_t seed_;
  std::vector<int64_t> labels_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Dataset, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "Vectors drawn around centres");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "A dataset: KINDRED_NAME");
