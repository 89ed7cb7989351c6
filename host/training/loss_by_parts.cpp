#include "host/training/loss_by_parts.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "host/distributed/global_batch.hpp"
#include "kindred/error.hpp"

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
    for (auto& one : out) {
      if (one.defined()) one = one * of_value[0];
    }
    out.resize(out.size() + 2);  // of `value` and of the list of gradients
    return out;
  }
};

/// Returns what a loss has gradients of: these embeddings, then its parameters.
variable_list inputs_of(const LossOfParts& loss, const at::Tensor& embeddings) {
  variable_list all = {embeddings};
  all.insert(all.end(), loss.parameters.begin(), loss.parameters.end());
  return all;
}

/// Adds up what the samples of this process give to each of K terms.
class Terms {
 public:
  explicit Terms(const LossOfParts& loss) : loss_(loss) {
    inputs_ = inputs_of(loss, loss.embeddings.detach().requires_grad_(at::GradMode::is_enabled()));
  }

  void add(int64_t first, int64_t end) { add(loss_.part(inputs_[0], first, end)); }

  /// Returns the loss of all processes, (), float64.
  at::Tensor value(Communicator& communicator) {
    communicator.all_reduce_sum(totals_);
    return (totals_[0] / totals_[1].clamp_min(1)).sum();
  }

  /// Returns the gradients of value() with respect to the inputs, as loss_by_parts() says; undefined where
  /// there is none. They are asked for once, behind value().
  variable_list gradients(Communicator& communicator) {
    variable_list all(inputs_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = gradient_of(i);
    if (!all[0].defined()) all[0] = at::zeros_like(inputs_[0]);
    communicator.all_reduce_sum(all[0]);
    const auto processes = static_cast<double>(communicator.size());
    for (size_t i = 1; i < all.size(); ++i) {
      if (all[i].defined()) all[i].mul_(processes);
    }
    return all;
  }

 private:
  void add(const LossSums& part) {
    const auto terms = static_cast<size_t>(part.sums.numel());
    if (totals_.defined() && terms != gradients_.size()) {
      throw Error(
          fmt::format("a loss returned {} sums for one part of a batch and {} for another; expected as "
                      "many for each",
                      gradients_.size(), terms));
    }
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

  /// Adds up the gradients of all terms and forgets them.
  at::Tensor gradient_of(size_t input) {
    const auto counts = totals_[1].clamp_min(1);
    at::Tensor sum;
    for (size_t k = 0; k < gradients_.size(); ++k) {
      if (gradients_[k].empty() || !gradients_[k][input].defined()) continue;
      auto one = std::move(gradients_[k][input]);
      one.div_(counts[static_cast<int64_t>(k)].to(one.scalar_type()));
      sum = sum.defined() ? sum.add_(one) : one;
    }
    return sum;
  }

  const LossOfParts& loss_;
  variable_list inputs_;                  ///< the embeddings, a leaf, and the parameters
  at::Tensor totals_;                     ///< float64 (2, K): sums and counts
  std::vector<variable_list> gradients_;  ///< [k][input], of the sums; undefined: none
};

int64_t rows_of_part(int64_t columns, const PartLimits& limits) {
  return std::max(limits.least_rows, limits.part / columns);
}

}  // namespace

bool pays_by_parts(const at::Tensor& embeddings, int64_t columns, const PartLimits& limits,
                   Communicator& communicator) {
  const auto rows = embeddings.size(0), comparisons = rows * columns;
  if (rows < communicator.size()) return false;  // every process needs a part
  if (comparisons >= limits.large_batch && rows > rows_of_part(columns, limits)) return true;
  if (communicator.size() <= 2 || comparisons < limits.to_divide) return false;
  // Some processes may have a GPU and others none.
  return comparisons >= limits.to_divide_on_gpus || communicator.any(embeddings.is_cpu());
}

at::Tensor loss_by_parts(const LossOfParts& loss, const PartLimits& limits, Communicator& communicator) {
  Terms terms(loss);
  const auto count = loss.embeddings.size(0), rank = communicator.rank();
  const auto last = first_of_rank(count, rank + 1, communicator);
  const auto rows = rows_of_part(loss.columns, limits);
  for (auto first = first_of_rank(count, rank, communicator); first < last; first += rows) {
    terms.add(first, std::min(first + rows, last));
  }
  const auto value = terms.value(communicator).to(loss.embeddings.scalar_type());
  if (!at::GradMode::is_enabled()) return value;
  const auto inputs = inputs_of(loss, loss.embeddings);
  return KnownGradients::apply(at::TensorList(inputs), value, terms.gradients(communicator));
}

}  // namespace kindred::host
