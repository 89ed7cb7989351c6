#include "kindred/distance.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kindred/error.hpp"

namespace kindred {

const std::vector<std::string>& distance_names() {
  static const std::vector<std::string> names = {"cosine", "euclidean", "dot"};
  return names;
}

Distance distance_from_name(const std::string& name) {
  if (name == "cosine") return Distance::cosine;
  if (name == "euclidean") return Distance::euclidean;
  if (name == "dot") return Distance::dot;
  throw Error("there is no distance \"" + name + "\"; choose cosine, euclidean or dot");
}

at::Tensor l2_normalized(const at::Tensor& x, double eps) { return x / x.norm(2, {-1}, true).clamp_min(eps); }

namespace {

/// |a - b| from the expansion |a|^2 + |b|^2 - 2<a, b>, which is one matrix product. What lies below the
/// rounding error of the expansion counts as zero, with a zero gradient; that of a sum of D terms grows as
/// sqrt(D) (Higham 2002, section 2.8), and how much of it is seen depends on the BLAS.
at::Tensor euclidean_matrix(const at::Tensor& a, const at::Tensor& b) {
  const auto norms = a.square().sum(1, true) + b.square().sum(1, true).t();  // (A, B)
  const auto squared = norms - 2 * a.matmul(b.t());
  const double epsilon = a.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon()
                                                        : std::numeric_limits<float>::epsilon();
  const auto apart = squared.detach() >
                     norms.detach() * (std::max(4.0, std::sqrt(static_cast<double>(a.size(1)))) * epsilon);
  // The inner `where` keeps sqrt away from zero, where its derivative is infinite.
  return at::where(apart, at::where(apart, squared, at::ones_like(squared)).sqrt(), at::zeros_like(squared));
}

}  // namespace

at::Tensor distance_matrix(Distance distance, const at::Tensor& a, const at::Tensor& b) {
  switch (distance) {
    case Distance::cosine:
      return 1 - l2_normalized(a).matmul(l2_normalized(b).t());
    case Distance::euclidean:
      return euclidean_matrix(a, b);
    case Distance::dot:
      return -a.matmul(b.t());
  }
  throw Error("distance_matrix: not a distance");
}

at::Tensor paired_distance(Distance distance, const at::Tensor& a, const at::Tensor& b) {
  switch (distance) {
    case Distance::cosine:
      return 1 - (l2_normalized(a) * l2_normalized(b)).sum(1);
    case Distance::dot:
      return -(a * b).sum(1);
    case Distance::euclidean:
      break;
  }
  const auto squared = (a - b).square().sum(1);
  const auto apart = squared.detach() > 0;
  return at::where(apart, at::where(apart, squared, at::ones_like(squared)).sqrt(), at::zeros_like(squared));
}

}  // namespace kindred
