#include <ATen/ATen.h>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Within-class covariance normalisation followed by an emphasis on the discriminant directions (Hatch,
/// Kajarekar, Stolcke 2006; the discriminant analysis of Fisher 1936 is the case emphasis = 1):
///   W = within-class covariance of the L2-normalised training embeddings + shrinkage * trace(W)/D * I
///   z = (x - mean) W^(-1/2),   P = projector on the span of the class means of z
///   y = z ((1 - emphasis) I + emphasis P)
/// The buffers are `mean` (D) and `matrix` (D, D): y = (x - mean) matrix.
class WhiteningHead final : public Head {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"LDA", "WCCN", "PCAWhitening"};
  struct Params {
    double shrinkage = 0.5;
    double emphasis = 0.6;
    bool normalize = true;
    static void describe(Schema<Params>& schema) {
      schema.field("shrinkage", &Params::shrinkage)
          .doc("How much of the mean variance is added to every direction of the within-class covariance.")
          .range(1e-6, 1000);
      schema.field("emphasis", &Params::emphasis)
          .doc("How far directions outside the span of the class means are damped: 0 keeps, 1 removes them.")
          .range(0, 1);
      schema.field("normalize", &Params::normalize).doc("L2-normalise embeddings first.");
    }
  };

  WhiteningHead(const Params& params, const Site& site)
      : params_(params),
        mean_(at::zeros({site.input_dimension}, at::kFloat)),
        matrix_(at::eye(site.input_dimension, at::kFloat)) {}

  int64_t output_dimension() const override { return mean_.size(0); }
  bool needs_fit() const override { return true; }

  at::Tensor forward(const at::Tensor& embeddings) override {
    return (scaled(embeddings) - mean_).matmul(matrix_);
  }

  void fit(const at::Tensor& embeddings, const at::Tensor& labels) override {
    // float64 throughout: the inverse square root of a nearly singular covariance is what float32 spoils.
    const auto x = scaled(embeddings).to(at::kCPU, at::kDouble);
    const auto [classes, row_class, counts] = at::_unique2(labels.to(at::kCPU), true, true, true);
    const int64_t dimension = x.size(1), samples = x.size(0);
    if (classes.numel() < 2 || samples <= classes.numel()) {
      throw Error("whitening needs at least two classes and more samples than classes, got " +
                  std::to_string(samples) + " samples of " + std::to_string(classes.numel()) + " classes");
    }
    auto class_means = at::zeros({classes.numel(), dimension}, at::kDouble).index_add_(0, row_class, x);
    class_means = class_means / counts.to(at::kDouble).unsqueeze(1);
    const auto inner = x - class_means.index_select(0, row_class);
    const auto within = inner.t().matmul(inner) / static_cast<double>(samples);
    const double ridge = params_.shrinkage * within.trace().item<double>() / static_cast<double>(dimension);
    if (!(ridge > 0)) throw Error("whitening needs embeddings that vary within their classes; all are equal");

    const auto [values, vectors] = at::linalg_eigh(within + ridge * at::eye(dimension, at::kDouble), "L");
    const auto whitener = (vectors * values.rsqrt()).matmul(vectors.t());  // W^(-1/2), symmetric
    const auto mean = x.mean(0);
    const auto means = (class_means - mean).matmul(whitener);  // (C, D)
    const auto emphasis = params_.emphasis;
    auto result = whitener * (1 - emphasis);
    if (emphasis > 0) {
      const auto [u, s, v] = at::linalg_svd(means, false);
      // The class means sum to (nearly) zero, so one direction is noise; it must not count as spanned.
      const auto keep = (s > s.max() * 1e-10).nonzero().squeeze(1);
      const auto basis = v.index_select(0, keep);  // (r, D), orthonormal rows
      result = result + emphasis * whitener.matmul(basis.t()).matmul(basis);
    }
    mean_.copy_(mean);
    matrix_.copy_(result);
  }

  std::vector<NamedTensor> buffers() override { return {{"mean", mean_}, {"matrix", matrix_}}; }

 private:
  at::Tensor scaled(const at::Tensor& x) const { return params_.normalize ? l2_normalized(x) : x; }

  Params params_;
  at::Tensor mean_, matrix_;
};

}  // namespace
KINDRED_COMPONENT(
    Head, WhiteningHead, "kindred.whitening", "1.0.0",
    "Closed form: within-class covariance normalisation with emphasis on discriminant directions");
}  // namespace kindred
