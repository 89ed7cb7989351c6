#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "kindred/distance.hpp"
#include "transposed_sum.hpp"

namespace kindred {
namespace {

/// Below, one whole product takes no longer than its parts.
constexpr int64_t kLeastRows = 512, kTileRows = 256;

/// x x^T; on the CPU its lower half is a copy of the upper one.
at::Tensor products_of_itself(const at::Tensor& x) {
  if (!x.is_cpu()) return x.matmul(x.t());
  const int64_t count = x.size(0);
  auto products = at::empty({count, count}, x.options());
  for (int64_t top = 0; top < count; top += kTileRows) {
    const int64_t end = std::min(top + kTileRows, count);
    auto rows = products.slice(0, top, end);
    auto right = rows.slice(1, top);
    at::mm_out(right, x.slice(0, top, end), x.slice(0, top).t());
    if (end < count) products.slice(0, end).slice(1, top, end).copy_(rows.slice(1, end).t());
  }
  return products;
}

class ProductsOfItself : public torch::autograd::Function<ProductsOfItself> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
    context->save_for_backward({x});
    return products_of_itself(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {sum_with_transposed(gradients[0]).matmul(context->get_saved_variables()[0])};
  }
};

}  // namespace

at::Tensor inner_products(const at::Tensor& a, const at::Tensor& b) {
  return a.is_same(b) && a.size(0) >= kLeastRows ? ProductsOfItself::apply(a) : a.matmul(b.t());
}

}  // namespace kindred
