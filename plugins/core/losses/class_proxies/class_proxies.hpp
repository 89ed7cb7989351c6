#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kindred/loss.hpp"
#include "kindred/params.hpp"
#include "kindred/plugin.hpp"

namespace kindred {

/// Trained vectors that stand for the classes: `per_class` neighbouring rows each, (C K, D), drawn from
/// N(0, 2 / (C K)) (He et al. 2015, fan out) with the site's seed. Parameter "proxies".
class ClassProxies {
 public:
  /// Throws Error where the number of classes or the dimension is unknown.
  ClassProxies(const Site& site, int64_t per_class = 1);

  std::vector<NamedTensor> parameters() const { return {{"proxies", proxies_}}; }
  int64_t classes() const { return classes_; }
  int64_t per_class() const { return per_class_; }
  const at::Tensor& rows() const { return proxies_; }

  /// (B, C K): cosines of embeddings and proxies.
  at::Tensor cosines(const at::Tensor& embeddings) const;

  /// float64 (B, 1): cosine of each embedding and the proxy of its row in `rows` (B). Near 1 a cosine in
  /// float32 says too little of the angle, on whose sine a margin depends.
  at::Tensor exact_cosines(const at::Tensor& embeddings, const at::Tensor& rows) const;

 private:
  int64_t classes_, per_class_;
  at::Tensor proxies_;
};

/// A loss with class proxies.
class ProxyLoss : public Loss {
 public:
  explicit ProxyLoss(const Site& site, int64_t per_class = 1) : proxies_(site, per_class) {}
  LossTraits traits() const override {
    LossTraits out;
    out.class_proxies = true;
    return out;
  }
  std::vector<NamedTensor> parameters() override { return proxies_.parameters(); }

 protected:
  ClassProxies proxies_;
};

/// A loss with class proxies to which each sample adds what depends on no other sample.
class SampleProxyLoss : public ProxyLoss, public SumsOverSamples {
 public:
  using ProxyLoss::ProxyLoss;
  bool is_sum_over_samples() const override { return true; }
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) final {
    return loss_of(sum_over_samples(embeddings, labels));
  }
};

/// bool (B, C): which class is the sample's.
at::Tensor class_mask(const at::Tensor& labels, int64_t classes);

/// The cross-entropy of a softmax, of which a batch has the mean; logits (B, C). With label smoothing e
/// (Szegedy et al. 2016, section 7) a sample is to belong to its class with 1 - e and to each of the C
/// classes with e / C besides:
///   -(1 - e) log p_own - e / C sum_c log p_c,  p = softmax(logits)
LossSums cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing = 0);

/// The parameter of label smoothing; derive Params from it.
struct LabelSmoothing {
  double label_smoothing = 0;
};

template <class Params>
void describe_label_smoothing(Schema<Params>& schema) {
  schema.field("label_smoothing", static_cast<double Params::*>(&Params::label_smoothing))
      .doc("The share of each target that is divided evenly among all classes, against too much certainty.")
      .range(0, 1);
}

}  // namespace kindred
