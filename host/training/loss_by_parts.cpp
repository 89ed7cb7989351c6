#include "host/training/loss_by_parts.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "host/distributed/global_batch.hpp"

namespace kindred::host {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// A number whose gradients with respect to `inputs` are known.
class KnownGradients : public torch::autograd::Function<KnownGradients> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList /*inputs*/, const at::Tensor& value,
                            const variable_list& gradients) {
    context->save_for_backward(gradients);
    return value.clone();
  }
  static variable_list backward(AutogradContext* context, const variable_list& of_value) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a loss that is computed by parts has no second derivative");
    auto out = context->get_saved_variables();
    for (auto& one : out) one = one * of_value[0];
    out.resize(out.size() + 2);  // of `value` and of the list of gradients
    return out;
  }
};

/// Adds up what the samples of this process give to each of K terms.
class Terms {
 public:
  explicit Terms(const LossOfParts& loss) : loss_(loss) {
    const bool with_gradients = at::GradMode::is_enabled();
    inputs_ = {loss.embeddings.detach().requires_grad_(with_gradients)};
    inputs_.insert(inputs_.end(), loss.parameters.begin(), loss.parameters.end());
  }

  void add(int64_t first, int64_t end) { add(loss_.part(inputs_[0], first, end)); }

  /// Returns the loss of all processes, (), float64.
  at::Tensor value(Communicator& communicator) {
    communicator.all_reduce_sum(totals_);
    return (totals_[0] / totals_[1].clamp_min(1)).sum();
  }

  /// Returns the gradients of value() with respect to the inputs; they are asked for once, behind it.
  variable_list gradients(Communicator& communicator) {
    const auto counts = totals_[1].clamp_min(1);
    variable_list all;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      auto sum = at::zeros_like(inputs_[i]);
      for (size_t k = 0; k < gradients_.size(); ++k) {
        auto& one = gradients_[k];
        if (i >= one.size() || !one[i].defined()) continue;
        sum.add_(one[i].div_(counts[static_cast<int64_t>(k)].to(sum.scalar_type())));
        one[i].reset();
      }
      communicator.all_reduce_sum(sum);
      all.push_back(sum);
    }
    return all;
  }

 private:
  void add(const LossSums& part) {
    const auto terms = static_cast<size_t>(part.sums.numel());
    gradients_.resize(terms);
    const auto both = at::stack({part.sums.detach(), part.counts.detach()}).to(at::kDouble);
    totals_ = totals_.defined() ? totals_ + both : both;
    if (!at::GradMode::is_enabled() || !part.sums.requires_grad()) return;
    for (size_t k = 0; k < terms; ++k) add_gradients(part.sums, k, k + 1 < terms);
  }

  void add_gradients(const at::Tensor& sums, size_t k, bool keeps_graph) {
    variable_list found;
    loss_.call_backward([&] {
      found = torch::autograd::grad({sums[static_cast<int64_t>(k)]}, inputs_, {}, keeps_graph, false, true);
    });
    auto& total = gradients_[k];
    total.resize(inputs_.size());
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i].defined()) continue;
      if (total[i].defined()) {
        total[i].add_(found[i]);
      } else {
        total[i] = found[i].clone();
      }
    }
  }

  const LossOfParts& loss_;
  variable_list inputs_;                  ///< the embeddings, a leaf, and the parameters
  at::Tensor totals_;                     ///< float64 (2, K): sums and counts
  std::vector<variable_list> gradients_;  ///< [k][input], of the sums; undefined: none
};

}  // namespace

bool pays_by_parts(int64_t rows, int64_t columns, const Communicator& communicator) {
  const auto limit = communicator.size() == 1 ? kComparisonsOfOneProcess : kComparisonsOfSeveral;
  return rows >= communicator.size() && rows * columns >= limit;
}

at::Tensor loss_by_parts(const LossOfParts& loss, Communicator& communicator, int64_t comparisons_of_part) {
  Terms terms(loss);
  const auto count = loss.embeddings.size(0), rank = communicator.rank();
  const auto last = first_of_rank(count, rank + 1, communicator);
  const auto rows = std::max<int64_t>(1, comparisons_of_part / loss.columns);
  for (auto first = first_of_rank(count, rank, communicator); first < last; first += rows) {
    terms.add(first, std::min(first + rows, last));
  }
  const auto value = terms.value(communicator).to(loss.embeddings.scalar_type());
  if (!at::GradMode::is_enabled()) return value;
  variable_list inputs = {loss.embeddings};
  inputs.insert(inputs.end(), loss.parameters.begin(), loss.parameters.end());
  return KnownGradients::apply(at::TensorList(inputs), value, terms.gradients(communicator));
}

}  // namespace kindred::host
