#include "soft_histograms.hpp"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/gradient_function.hpp"

namespace kindred {
namespace {
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kHistogramRows = 16;

/// Calls `use(i, j, bin)` for the entries of all rows, on several threads: `bin` is that of the lower
/// triangle.
template <class Number, class Use>
void for_entries(const at::Tensor& place, int64_t bins, const Use& use) {
  const int64_t columns = place.size(1);
  const auto* places = place.data_ptr<Number>();
  const auto last = static_cast<Number>(bins - 1);
  at::parallel_for(0, place.size(0), kHistogramRows, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        // What is no number goes into the first bin, and makes its height none.
        const Number at = places[i * columns + j];
        int64_t bin = 0;
        if (at >= 0) bin = at < last ? static_cast<int64_t>(at) : bins - 1;
        use(i, i * columns + j, bin);
      }
    }
  });
}

class Histograms : public torch::autograd::Function<Histograms> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& positive,
                               const at::Tensor& negative, int64_t bins) {
    const auto place = given.contiguous(), positives = positive.contiguous(),
               negatives = negative.contiguous();
    auto of_positives = at::zeros({place.size(0), bins + 1}, place.options()),
         of_negatives = at::zeros_like(of_positives);
    const auto *is_positive = positives.data_ptr<bool>(), *is_negative = negatives.data_ptr<bool>();
    AT_DISPATCH_FLOATING_TYPES(place.scalar_type(), "soft_histograms", [&] {
      const auto* places = place.data_ptr<scalar_t>();
      auto *up = of_positives.data_ptr<scalar_t>(), *down = of_negatives.data_ptr<scalar_t>();
      for_entries<scalar_t>(place, bins, [&](int64_t row, int64_t entry, int64_t bin) {
        const auto share = places[entry] - static_cast<scalar_t>(bin);
        const auto add = [&](scalar_t* histogram) {
          auto* lower = histogram + row * (bins + 1) + bin;
          lower[0] += 1 - share, lower[1] += share;
        };
        if (is_positive[entry]) add(up);
        if (is_negative[entry]) add(down);
      });
    });
    context->save_for_backward({place, positives, negatives});
    return {of_positives, of_negatives};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    nn::refuse_second_derivative();
    const auto saved = context->get_saved_variables();
    const auto& place = saved[0];
    const auto *is_positive = saved[1].data_ptr<bool>(), *is_negative = saved[2].data_ptr<bool>();
    const int64_t bins = gradients[0].size(1) - 1;
    // How much the sum grows when an entry moves up within a bin: (B, bins).
    const auto rises = [&](const at::Tensor& gradient) { return at::diff(gradient, 1, 1).contiguous(); };
    const auto of_positives = rises(gradients[0]), of_negatives = rises(gradients[1]);
    auto out = at::empty_like(place);
    AT_DISPATCH_FLOATING_TYPES(place.scalar_type(), "soft_histograms", [&] {
      const auto *up = of_positives.data_ptr<scalar_t>(), *down = of_negatives.data_ptr<scalar_t>();
      auto* to = out.data_ptr<scalar_t>();
      for_entries<scalar_t>(place, bins, [&](int64_t row, int64_t entry, int64_t bin) {
        const int64_t at = row * bins + bin;
        to[entry] =
            (is_positive[entry] ? up[at] : scalar_t{0}) + (is_negative[entry] ? down[at] : scalar_t{0});
      });
    });
    return {out, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor by_operators(const at::Tensor& place, const at::Tensor& lower, const at::Tensor& chosen,
                        int64_t bins) {
  const auto weight = chosen.to(place.scalar_type());
  const auto upper_share = (place - lower) * weight;
  const auto bin = lower.to(at::kLong);
  const auto empty = at::zeros({place.size(0), bins + 1}, place.options().requires_grad(false));
  return empty.scatter_add(1, bin, weight - upper_share).scatter_add(1, bin + 1, upper_share);
}

}  // namespace

SoftHistograms soft_histograms(const at::Tensor& place, const PairMasks& masks, int64_t bins) {
  const auto dtype = place.scalar_type();
  if (place.is_cpu() && (dtype == at::kFloat || dtype == at::kDouble)) {
    const auto both = Histograms::apply(place, masks.positive, masks.negative, bins);
    return {both[0], both[1]};
  }
  const auto lower = place.detach().floor().clamp(0, static_cast<double>(bins - 1));
  return {by_operators(place, lower, masks.positive, bins), by_operators(place, lower, masks.negative, bins)};
}

}  // namespace kindred
