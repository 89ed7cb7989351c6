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

namespace {

constexpr int kLargestExponent = 126;  // of a power of two that float32 holds with all its digits

/// A power of two, of the shape of `largest`, that brings numbers of this magnitude near to 1; 1 where it is
/// zero, and where `ordinary`, so that those keep every bit. It is computed without a look at the device.
at::Tensor scale_of(const at::Tensor& largest, const at::Tensor& ordinary) {
  const auto wide = largest.scalar_type() == at::kDouble ? largest : largest.to(at::kFloat);
  const auto exponent = std::get<1>(at::frexp(wide)).clamp(-kLargestExponent, kLargestExponent);
  return at::where(ordinary, at::ones_like(wide), at::exp2(exponent.neg().to(wide.scalar_type())))
      .to(largest.scalar_type());
}

}  // namespace

at::Tensor l2_normalized(const at::Tensor& x, double eps) {
  const auto norm = x.norm(2, {-1}, true);
  const auto ordinary = norm.detach().ge(eps).logical_and(norm.detach().isfinite());
  // Elsewhere than on the CPU the question would wait for the device.
  if (x.numel() == 0 || (x.is_cpu() && ordinary.all().item<bool>())) return x / norm.clamp_min(eps);
  // The square of 1e20 or of 1e-23 is no number of float32: what is so long or so short is scaled first.
  const auto scaled = x * scale_of(x.detach().abs().amax({-1}, true), ordinary);
  return scaled / scaled.norm(2, {-1}, true).clamp_min(eps);
}

namespace {

constexpr double kSmallest = 1e-12, kLargest = 1e15;  // magnitudes whose squares need no care

/// Two sides of a distance, brought by one power of two to where their squares are numbers.
struct Scaled {
  at::Tensor a, b;
  at::Tensor factor;  ///< (); undefined where nothing was changed
};

at::Tensor largest_of(const at::Tensor& x) {
  const auto [least, largest] = at::aminmax(x.detach());
  return largest.maximum(least.neg());
}

Scaled scaled(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != at::kFloat || a.numel() == 0 || b.numel() == 0) return {a, b, {}};
  const auto largest = largest_of(a).maximum(largest_of(b));
  const auto ordinary = largest.ge(kSmallest).logical_and(largest.le(kLargest));
  if (a.is_cpu() && ordinary.item<bool>()) return {a, b, {}};
  const auto factor = scale_of(largest, ordinary);
  return {a * factor, b * factor, factor};
}

at::Tensor unscaled(const at::Tensor& distances, const at::Tensor& factor) {
  return factor.defined() ? distances / factor : distances;
}

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
  const auto squared = norms - 2 * inner_products(a, b);
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
    case Distance::cosine: {
      const auto x = l2_normalized(a);
      return 1 - inner_products(x, a.is_same(b) ? x : l2_normalized(b));
    }
    case Distance::euclidean: {
      const auto sides = scaled(a, b);
      const auto squared = squared_matrix(sides.a, sides.b);
      return unscaled(root(squared.values, squared.apart, 0.5), sides.factor);
    }
    case Distance::squared_euclidean: {
      const auto sides = scaled(a, b);
      const auto squared = squared_matrix(sides.a, sides.b);
      return unscaled(unscaled(chosen_or_zero(squared.values, squared.apart), sides.factor), sides.factor);
    }
    case Distance::manhattan:
      return LpDistances::apply(a.contiguous(), b.contiguous(), 1.0);
    case Distance::lp: {
      if (distance.p == 2) return distance_matrix(Distance::euclidean, a, b);
      const auto sides = scaled(a, b);
      return unscaled(LpDistances::apply(sides.a.contiguous(), sides.b.contiguous(), distance.p),
                      sides.factor);
    }
    case Distance::dot:
      return -inner_products(a, b);
    case Distance::snr: {
      const auto sides = scaled(a, b);
      const auto x = centred(sides.a), y = sides.a.is_same(sides.b) ? x : centred(sides.b);
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
      const auto sides = scaled(a, b);
      const auto squared = (sides.a - sides.b).square().sum(1);
      return unscaled(root(squared, squared.detach() > 0, 0.5), sides.factor);
    }
    case Distance::squared_euclidean: {
      const auto sides = scaled(a, b);
      return unscaled(unscaled((sides.a - sides.b).square().sum(1), sides.factor), sides.factor);
    }
    case Distance::manhattan:
      return (a - b).abs().sum(1);
    case Distance::lp: {
      const auto sides = scaled(a, b);
      const auto sum = (sides.a - sides.b).abs().pow(distance.p).sum(1);
      return unscaled(root(sum, sum.detach() > 0, 1 / distance.p), sides.factor);
    }
    case Distance::dot:
      return -(a * b).sum(1);
    case Distance::snr: {
      const auto sides = scaled(a, b);
      const auto x = centred(sides.a);
      return over_variance((x - centred(sides.b)).square().sum(1), x.square().sum(1));
    }
  }
  throw Error("paired_distance: not a distance");
}

}  // namespace kindred
