#include "core/losses/chosen_sums.hpp"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

#include "core/losses/chosen_rows.hpp"
#include "nn/gradient_function.hpp"

namespace kindred {
namespace {
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// So many entries at least are one task of a thread.
constexpr int64_t kEntriesOfTask = 32768;

int64_t rows_of_task(int64_t columns) {
  return std::max<int64_t>(1, kEntriesOfTask / std::max<int64_t>(1, columns));
}

bool serves_rows(const at::Tensor& values, const at::Tensor& chosen) {
  const auto dtype = values.scalar_type();
  // One row is divided among threads by operators alone.
  return values.is_cpu() && values.dim() == 2 && values.size(0) > 1 && values.sizes() == chosen.sizes() &&
         (dtype == at::kFloat || dtype == at::kDouble);
}

/// Calls `use(row, i)` for all rows, on several threads. Both are contiguous.
template <class Number, class Use>
void for_rows(const at::Tensor& values, const at::Tensor& chosen, const Use& use) {
  const int64_t columns = values.size(1);
  const auto* of_values = values.data_ptr<Number>();
  const auto* of_chosen = chosen.data_ptr<bool>();
  at::parallel_for(0, values.size(0), rows_of_task(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      use(ChosenRow<Number>{of_values + i * columns, of_chosen + i * columns, columns}, i);
    }
  });
}

/// A gradient of a sum of each row, as the kernels read it.
at::Tensor row_gradient(const variable_list& gradients) { return gradients[0].contiguous(); }

class LogSumExp : public torch::autograd::Function<LogSumExp> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& mask,
                            double empty) {
    const auto values = given.contiguous(), chosen = mask.contiguous();
    auto weights = at::empty_like(values), out = at::empty({values.size(0)}, values.options());
    AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "masked_logsumexp", [&] {
      auto *to = out.data_ptr<scalar_t>(), *of_weights = weights.data_ptr<scalar_t>();
      for_rows<scalar_t>(values, chosen, [&](const ChosenRow<scalar_t>& row, int64_t i) {
        to[i] = log_sum_exp_of_chosen(row, static_cast<scalar_t>(empty), of_weights + i * row.count);
      });
    });
    context->save_for_backward({weights});
    return out;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    nn::refuse_second_derivative();
    return {context->get_saved_variables()[0] * row_gradient(gradients).unsqueeze(1), at::Tensor(),
            at::Tensor()};
  }
};

class SumOfChosen : public torch::autograd::Function<SumOfChosen> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& mask) {
    const auto values = given.contiguous(), chosen = mask.contiguous();
    auto out = at::empty({values.size(0)}, values.options());
    AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "row_sums", [&] {
      auto* to = out.data_ptr<scalar_t>();
      for_rows<scalar_t>(values, chosen,
                         [&](const ChosenRow<scalar_t>& row, int64_t i) { to[i] = sum_of_chosen(row); });
    });
    context->save_for_backward({chosen});
    return out;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    nn::refuse_second_derivative();
    const auto chosen = context->get_saved_variables()[0];
    const auto shares = row_gradient(gradients);
    auto out = at::empty(chosen.sizes(), shares.options());
    AT_DISPATCH_FLOATING_TYPES(shares.scalar_type(), "row_sums", [&] {
      const auto* share = shares.data_ptr<scalar_t>();
      auto* to = out.data_ptr<scalar_t>();
      for_rows<scalar_t>(out, chosen, [&](const ChosenRow<scalar_t>& row, int64_t i) {
        spread_over_chosen(row.chosen, row.count, share[i], to + i * row.count);
      });
    });
    return {out, at::Tensor()};
  }
};

class Hinge : public torch::autograd::Function<Hinge> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& mask,
                               double sign, const at::Tensor& offset) {
    const auto values = given.contiguous(), chosen = mask.contiguous();
    auto sums = at::empty({values.size(0)}, values.options()), active = at::empty_like(sums);
    AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "hinge", [&] {
      auto *to = sums.data_ptr<scalar_t>(), *of_active = active.data_ptr<scalar_t>();
      const auto by = static_cast<scalar_t>(sign), from = offset.item<scalar_t>();
      for_rows<scalar_t>(values, chosen, [&](const ChosenRow<scalar_t>& row, int64_t i) {
        const auto one = hinge_of_chosen(row, by, from);
        to[i] = one.sum, of_active[i] = static_cast<scalar_t>(one.active);
      });
    });
    context->save_for_backward({values, chosen, offset, active});
    context->saved_data["sign"] = sign;
    context->mark_non_differentiable({active});
    return {sums, active};
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    nn::refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto &values = saved[0], &chosen = saved[1], &offset = saved[2], &active = saved[3];
    const auto of_rows = row_gradient(gradients);
    auto out = at::empty_like(values);
    AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "hinge", [&] {
      const auto by = static_cast<scalar_t>(context->saved_data["sign"].toDouble());
      const auto from = offset.item<scalar_t>();
      const auto* gradient = of_rows.data_ptr<scalar_t>();
      auto* to = out.data_ptr<scalar_t>();
      for_rows<scalar_t>(values, chosen, [&](const ChosenRow<scalar_t>& row, int64_t i) {
        hinge_slopes(row, by, from, by * gradient[i], to + i * row.count);
      });
    });
    return {out, at::Tensor(), at::Tensor(), (of_rows * active).sum().to(offset.scalar_type())};
  }
};

at::Tensor logsumexp_by_operators(const at::Tensor& values, const at::Tensor& chosen, double empty) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto some = chosen.any(1, true);
  // A row of infinities would have a gradient of NaN; an empty row is computed on zeros and then replaced.
  const auto kept = values.masked_fill(chosen.logical_not(), -infinity).masked_fill(some.logical_not(), 0);
  return kept.logsumexp({1}).masked_fill(some.squeeze(1).logical_not(), empty);
}

}  // namespace

at::Tensor masked_logsumexp(const at::Tensor& values, const at::Tensor& chosen, double empty) {
  return serves_rows(values, chosen) ? LogSumExp::apply(values, chosen, empty)
                                     : logsumexp_by_operators(values, chosen, empty);
}

HingeSums hinge_sums(const at::Tensor& values, const at::Tensor& chosen, double sign,
                     const at::Tensor& offset) {
  if (serves_rows(values, chosen)) {
    const auto out = Hinge::apply(values, chosen, sign, offset);
    return {out[0], out[1]};
  }
  const auto gaps = (sign * values + offset).masked_fill(chosen.logical_not(), 0).relu();
  return {gaps.sum(1), gaps.detach().gt(0).sum(1).to(values.scalar_type())};
}

LossSums sums_of_chosen(const at::Tensor& values, const at::Tensor& chosen) {
  if (serves_rows(values, chosen)) {
    return one_sum(SumOfChosen::apply(values, chosen).sum(), counts_of_chosen(chosen).sum());
  }
  const auto kept = at::where(chosen, values, at::zeros_like(values));
  return one_sum(kept.sum(), chosen.sum());
}

at::Tensor mean_of_chosen(const at::Tensor& values, const at::Tensor& chosen) {
  return loss_of(sums_of_chosen(values, chosen));
}

at::Tensor counts_of_chosen(const at::Tensor& chosen) {
  if (!chosen.is_cpu()) return chosen.sum(1);
  const auto mask = chosen.contiguous();
  const auto counts = at::empty({mask.size(0)}, mask.options().dtype(at::kLong));
  auto* to = counts.data_ptr<int64_t>();
  const auto* from = mask.data_ptr<bool>();
  const int64_t columns = mask.size(1);
  at::parallel_for(0, mask.size(0), rows_of_task(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = count_of_chosen(from + i * columns, columns);
  });
  return counts;
}

}  // namespace kindred
