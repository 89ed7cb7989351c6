#include "kindred/distance.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kindred/error.hpp"

namespace kindred {
namespace {

constexpr std::pair<const char*, Distance::Kind> kNames[] = {
    {"cosine", Distance::cosine},
    {"euclidean", Distance::euclidean},
    {"squared_euclidean", Distance::squared_euclidean},
    {"manhattan", Distance::manhattan},
    {"dot", Distance::dot},
    {"snr", Distance::snr}};

}  // namespace

const std::vector<std::string>& distance_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& [name, kind] : kNames) list.emplace_back(name);
    return list;
  }();
  return names;
}

Distance distance_from_name(const std::string& name) {
  std::string list;
  for (const auto& [known, kind] : kNames) {
    if (name == known) return kind;
    list += (list.empty() ? "" : ", ") + std::string(known);
  }
  throw Error("there is no distance \"" + name + "\"; choose one of " + list);
}

at::Tensor l2_normalized(const at::Tensor& x, double eps) { return x / x.norm(2, {-1}, true).clamp_min(eps); }

namespace {

/// x where `chosen`, else zero; the gradient there is zero too.
at::Tensor chosen_or_zero(const at::Tensor& x, const at::Tensor& chosen) {
  return at::where(chosen, x, at::zeros_like(x));
}

/// x^power where `chosen`, else zero. The inner `where` keeps pow away from zero, where its derivative is
/// infinite.
at::Tensor root(const at::Tensor& x, const at::Tensor& chosen, double power) {
  const auto safe = at::where(chosen, x, at::ones_like(x));
  return chosen_or_zero(power == 0.5 ? safe.sqrt() : safe.pow(power), chosen);
}

struct Squared {
  at::Tensor values, apart;  ///< (A, B), and which of them are told from zero
};

/// |a - b|^2 from the expansion |a|^2 + |b|^2 - 2<a, b>, which is one matrix product. What lies below the
/// rounding error of the expansion counts as zero, with a zero gradient; that of a sum of D terms grows as
/// sqrt(D) (Higham 2002, section 2.8), and how much of it is seen depends on the BLAS.
Squared squared_matrix(const at::Tensor& a, const at::Tensor& b) {
  const auto norms = a.square().sum(1, true) + b.square().sum(1, true).t();  // (A, B)
  const auto squared = norms - 2 * a.matmul(b.t());
  const double epsilon = a.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon()
                                                        : std::numeric_limits<float>::epsilon();
  return {squared, squared.detach() >
                       norms.detach() * (std::max(4.0, std::sqrt(static_cast<double>(a.size(1)))) * epsilon)};
}

/// Variances are those of the rows without their means; the number of components cancels.
at::Tensor centred(const at::Tensor& x) { return x - x.mean({1}, true); }

/// squared / |x|^2 of the centred rows x, zero where x is constant.
at::Tensor over_variance(const at::Tensor& squared, const at::Tensor& variance) {
  const auto varies = (variance.detach() > 0).expand_as(squared);
  return chosen_or_zero(squared / at::where(variance.detach() > 0, variance, at::ones_like(variance)),
                        varies);
}

/// |a - b|_p of all rows. The values are those of at::cdist, whose gradient holds (A, B, D) numbers on a GPU;
/// here it is made of so many rows at a time that these fit into memory of the size of the matrix.
class LpDistances : public torch::autograd::Function<LpDistances> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& a,
                            const at::Tensor& b, double p) {
    auto distances = at::cdist(a, b, p);
    context->save_for_backward({a, b, distances});
    context->saved_data["p"] = p;
    return distances;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    at::NoGradGuard no_grad;
    const auto saved = context->get_saved_variables();
    const auto &a = saved[0], &b = saved[1], &distances = saved[2];
    const double p = context->saved_data["p"].toDouble();
    const auto& gradient = gradients[0];
    return {by_rows(gradient.contiguous(), a, b, p, distances),
            by_rows(gradient.t().contiguous(), b, a, p, distances.t().contiguous()), at::Tensor()};
  }

 private:
  /// The gradient of x, if it has one.
  static at::Tensor by_rows(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& y, double p,
                            const at::Tensor& distances) {
    if (!x.requires_grad()) return {};
    auto out = at::empty_like(x);
    const int64_t count = x.size(0), numbers = distances.numel() + x.numel() + y.numel();
    const int64_t rows = x.is_cpu() ? count : std::max<int64_t>(1, numbers / std::max<int64_t>(1, y.numel()));
    for (int64_t first = 0; first < count; first += rows) {
      const auto tile = [&](const at::Tensor& of) {
        return of.slice(0, first, std::min(first + rows, count));
      };
      tile(out).copy_(at::_cdist_backward(tile(gradient), tile(x), y, p, tile(distances)));
    }
    return out;
  }
};

}  // namespace

at::Tensor distance_matrix(Distance distance, const at::Tensor& a, const at::Tensor& b) {
  switch (distance.kind) {
    case Distance::cosine:
      return 1 - l2_normalized(a).matmul(l2_normalized(b).t());
    case Distance::euclidean: {
      const auto squared = squared_matrix(a, b);
      return root(squared.values, squared.apart, 0.5);
    }
    case Distance::squared_euclidean: {
      const auto squared = squared_matrix(a, b);
      return chosen_or_zero(squared.values, squared.apart);
    }
    case Distance::manhattan:
      return LpDistances::apply(a.contiguous(), b.contiguous(), 1.0);
    case Distance::lp:
      if (distance.p == 2) return distance_matrix(Distance::euclidean, a, b);
      return LpDistances::apply(a.contiguous(), b.contiguous(), distance.p);
    case Distance::dot:
      return -a.matmul(b.t());
    case Distance::snr: {
      const auto x = centred(a), y = centred(b);
      const auto squared = squared_matrix(x, y);
      return over_variance(chosen_or_zero(squared.values, squared.apart), x.square().sum(1, true));
    }
  }
  throw Error("distance_matrix: not a distance");
}

at::Tensor paired_distance(Distance distance, const at::Tensor& a, const at::Tensor& b) {
  switch (distance.kind) {
    case Distance::cosine:
      return 1 - (l2_normalized(a) * l2_normalized(b)).sum(1);
    case Distance::euclidean: {
      const auto squared = (a - b).square().sum(1);
      return root(squared, squared.detach() > 0, 0.5);
    }
    case Distance::squared_euclidean:
      return (a - b).square().sum(1);
    case Distance::manhattan:
      return (a - b).abs().sum(1);
    case Distance::lp: {
      const auto sum = (a - b).abs().pow(distance.p).sum(1);
      return root(sum, sum.detach() > 0, 1 / distance.p);
    }
    case Distance::dot:
      return -(a * b).sum(1);
    case Distance::snr: {
      const auto x = centred(a);
      return over_variance((x - centred(b)).square().sum(1), x.square().sum(1));
    }
  }
  throw Error("paired_distance: not a distance");
}

}  // namespace kindred
