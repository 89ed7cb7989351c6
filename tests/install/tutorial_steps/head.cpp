#include "kindred/head.hpp"

#include <ATen/ATen.h>

#include "kindred/error.hpp"
#include "kindred/plugin.hpp"

namespace {

/// The main directions of the training embeddings.
class MyHead final : public kindred::Head {
 public:
  struct Params {
    int64_t dimension = 16;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("dimension", &Params::dimension).doc("How many directions are kept.").range(1, 65536);
    }
  };

  // shown in the tutorial:
  MyHead(const Params& params, const kindred::Site& site)
      : mean_(at::zeros({site.input_dimension}, at::kFloat)),
        matrix_(at::eye(site.input_dimension, params.dimension, at::kFloat)) {
    if (params.dimension > site.input_dimension)
      throw kindred::Error("dimension is above that of the embeddings");
  }
  int64_t output_dimension() const override { return matrix_.size(1); }
  std::vector<kindred::NamedTensor> buffers() override { return {{"mean", mean_}, {"matrix", matrix_}}; }
  bool needs_fit() const override { return true; }
  void fit(const at::Tensor& embeddings, const at::Tensor&) override {
    mean_.copy_(embeddings.mean(0));
    const auto x = (embeddings - mean_).to(at::kCPU, at::kDouble);
    matrix_.copy_(std::get<1>(at::linalg_eigh(x.t().matmul(x), "L")).flip({1}).slice(1, 0, matrix_.size(1)));
  }
  at::Tensor forward(const at::Tensor& embeddings) override { return (embeddings - mean_).matmul(matrix_); }
  // end

 private:
  at::Tensor mean_, matrix_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Head, MyHead, "my.next_head", "0.1.0", "Main directions");
