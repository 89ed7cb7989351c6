#include <ATen/ATen.h>

#include "class_proxies.hpp"

namespace kindred {
namespace {

/// Cross-entropy of a linear classifier with a softmax (Bridle 1990), over a temperature as in Quaterion:
///   -log(exp(z_own) / sum_c exp(z_c)),  z_c = (x . w_c + b_c) / temperature
class SoftmaxLoss final : public SampleProxyLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CrossEntropyLoss", "NLLLoss", "ClassificationLoss"};
  struct Params : LabelSmoothing {
    double temperature = 0.05;
    bool bias = false;
    static void describe(Schema<Params>& schema) {
      schema.field("temperature", &Params::temperature).doc("Divides the logits.").range(0.0001, 1000);
      schema.field("bias", &Params::bias).doc("Whether each class has a bias.");
      describe_label_smoothing(schema);
    }
  };

  SoftmaxLoss(const Params& params, const Site& site)
      : SampleProxyLoss(site), params_(params), bias_(at::zeros({site.classes}, at::kFloat)) {}

  std::vector<NamedTensor> parameters() override {
    auto all = proxies_.parameters();
    if (params_.bias) all.push_back({"bias", bias_});
    return all;
  }

  LossSums sum_over_samples(const at::Tensor& embeddings, const at::Tensor& labels) override {
    auto logits = embeddings.matmul(proxies_.rows().t());
    if (params_.bias) logits = logits + bias_;
    return cross_entropy(logits / params_.temperature, labels, params_.label_smoothing);
  }

 private:
  Params params_;
  at::Tensor bias_;
};

}  // namespace
KINDRED_COMPONENT(Loss, SoftmaxLoss, "kindred.softmax", "1.1.0", "Cross-entropy of a linear classifier");
}  // namespace kindred
