#include "host/distributed/global_batch.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace kindred::host {
namespace {

void sum_one_gradient(at::Tensor parameter, double factor, Communicator& communicator) {
  const bool has_gradient = parameter.grad().defined();
  if (!communicator.any(has_gradient)) return;
  auto gradient = has_gradient ? parameter.grad() : at::zeros_like(parameter);
  communicator.all_reduce_sum(gradient);
  if (factor != 1) gradient.mul_(factor);
  parameter.mutable_grad() = gradient;
}

}  // namespace

at::Tensor part_of_rank(const at::Tensor& rows, const Communicator& communicator) {
  const auto size = communicator.size(), rank = communicator.rank();
  if (size == 1) return rows;
  return rows.slice(0, rank * rows.size(0) / size, (rank + 1) * rows.size(0) / size);
}

at::Tensor gathered(const at::Tensor& mine, Communicator& communicator) {
  return communicator.size() == 1 ? mine : communicator.all_gather(mine);
}

at::Tensor gathered_embeddings(const at::Tensor& mine, Communicator& communicator) {
  if (communicator.size() == 1) return mine;
  const auto counts = communicator.all_gather(at::full({1}, mine.size(0), at::kLong));
  const auto all = communicator.all_gather(mine.detach());
  const auto first = counts.slice(0, 0, communicator.rank()).sum().item<int64_t>();
  return at::cat({all.slice(0, 0, first), mine, all.slice(0, first + mine.size(0))});
}

void sum_gradients(const std::vector<NamedTensor>& divided, const std::vector<NamedTensor>& repeated,
                   Communicator& communicator) {
  if (communicator.size() == 1) return;
  at::NoGradGuard no_grad;
  for (const auto& one : divided) sum_one_gradient(one.tensor, 1, communicator);
  for (const auto& one : repeated) {
    sum_one_gradient(one.tensor, 1 / static_cast<double>(communicator.size()), communicator);
  }
}

void take_from_first(const std::vector<NamedTensor>& tensors, Communicator& communicator) {
  if (communicator.size() == 1) return;
  at::NoGradGuard no_grad;
  for (const auto& one : tensors) {
    auto values = one.tensor.detach();
    communicator.broadcast(values);
  }
}

double take_from_first(double mine, Communicator& communicator) {
  if (communicator.size() == 1) return mine;
  auto value = at::full({1}, mine, at::kDouble);
  communicator.broadcast(value);
  return value.item<double>();
}

}  // namespace kindred::host
