#include "class_proxies.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "core/losses/loss_sums.hpp"
#include "kindred/distance.hpp"
#include "kindred/error.hpp"
#include "nn/initialization.hpp"

namespace kindred {

ClassProxies::ClassProxies(const Site& site, int64_t per_class)
    : classes_(site.classes), per_class_(per_class) {
  if (site.classes < 1 || site.input_dimension < 1) {
    throw Error("this loss has a vector per class; it needs a dataset with classes to train on");
  }
  const int64_t rows = classes_ * per_class;
  proxies_ = at::empty({rows, site.input_dimension}, at::kFloat);
  nn::draw_normal_by_fan_out(proxies_, rows, at::detail::createCPUGenerator(site.seed));
}

at::Tensor ClassProxies::cosines(const at::Tensor& embeddings) const {
  return l2_normalized(embeddings).matmul(l2_normalized(proxies_).t());
}

at::Tensor ClassProxies::exact_cosines(const at::Tensor& embeddings, const at::Tensor& rows) const {
  const auto own = l2_normalized(proxies_.index_select(0, rows).to(at::kDouble));
  return (l2_normalized(embeddings.to(at::kDouble)) * own).sum(1, true);
}

at::Tensor class_mask(const at::Tensor& labels, int64_t classes) {
  return labels.unsqueeze(1) == at::arange(classes, labels.options()).unsqueeze(0);
}

LossSums cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  const auto logarithms = logits.log_softmax(1);
  const auto own = logarithms.gather(1, labels.unsqueeze(1));
  if (smoothing == 0) return sums_of_all(-own);
  return sums_of_all((smoothing - 1) * own - smoothing * logarithms.mean(1, true));
}

}  // namespace kindred
