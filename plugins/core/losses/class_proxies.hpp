#pragma once

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <string>

#include "kindred/error.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"
#include "pairs.hpp"

namespace kindred {

/// Trained vectors that stand for the classes: `per_class` neighbouring rows each, (C K, D), drawn from
/// N(0, 2 / (C K)) (He et al. 2015, fan out) with the site's seed. Parameter "proxies".
class ClassProxies {
 public:
  /// Throws Error where the number of classes or the dimension is unknown.
  ClassProxies(const Site& site, int64_t per_class = 1) : classes_(site.classes), per_class_(per_class) {
    if (site.classes < 1 || site.input_dimension < 1) {
      throw Error("this loss has a vector per class; it needs a dataset with classes to train on");
    }
    const int64_t rows = classes_ * per_class;
    proxies_ = at::empty({rows, site.input_dimension}, at::kFloat)
                   .normal_(0, std::sqrt(2.0 / static_cast<double>(rows)),
                            at::detail::createCPUGenerator(site.seed));
  }

  std::vector<NamedTensor> parameters() const { return {{"proxies", proxies_}}; }
  int64_t classes() const { return classes_; }
  int64_t per_class() const { return per_class_; }
  const at::Tensor& rows() const { return proxies_; }

  /// (B, C K): cosines of embeddings and proxies.
  at::Tensor cosines(const at::Tensor& embeddings) const {
    return l2_normalized(embeddings).matmul(l2_normalized(proxies_).t());
  }

  /// float64 (B, 1): cosine of each embedding and the proxy of its row in `rows` (B). Near 1 a cosine in
  /// float32 says too little of the angle, on whose sine a margin depends.
  at::Tensor exact_cosines(const at::Tensor& embeddings, const at::Tensor& rows) const {
    const auto own = l2_normalized(proxies_.index_select(0, rows).to(at::kDouble));
    return (l2_normalized(embeddings.to(at::kDouble)) * own).sum(1, true);
  }

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

/// bool (B, C): which class is the sample's.
inline at::Tensor class_mask(const at::Tensor& labels, int64_t classes) {
  return labels.unsqueeze(1) == at::arange(classes, labels.options()).unsqueeze(0);
}

/// Mean over the batch of log sum_c exp(logits_c) - logits_label; logits (B, C).
inline at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels) {
  return -logits.log_softmax(1).gather(1, labels.unsqueeze(1)).mean();
}

}  // namespace kindred
