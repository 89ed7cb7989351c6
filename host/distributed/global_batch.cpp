#include "host/distributed/global_batch.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <string>

#include "host/base/content_hash.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

/// A gradient that some process has, and what its sum is multiplied by.
struct Summed {
  at::Tensor parameter;
  double factor = 1;
};

/// Says for each tensor whether any process has a gradient of it.
std::vector<bool> known_anywhere(const std::vector<Summed>& all, Communicator& communicator) {
  auto known = at::zeros({static_cast<int64_t>(all.size())}, at::kLong);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].parameter.grad().defined()) known[static_cast<int64_t>(i)] = 1;
  }
  communicator.all_reduce_sum(known);
  std::vector<bool> out;
  for (int64_t i = 0; i < known.numel(); ++i) out.push_back(known.data_ptr<int64_t>()[i] > 0);
  return out;
}

/// The first 64 bits of the hash of a tensor's bytes.
int64_t hash_of(const at::Tensor& tensor) {
  const auto here = tensor.detach().to(at::kCPU).contiguous();
  ContentHash hash;
  hash.add({static_cast<const char*>(here.data_ptr()), here.nbytes()});
  return static_cast<int64_t>(std::stoull(hash.hex().substr(0, 16), nullptr, 16));
}

bool travel_together(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.device() == b.device();
}

/// Sums gradients of one dtype on one device in one meeting.
void sum_together(std::vector<Summed>& all, Communicator& communicator) {
  std::vector<at::Tensor> flat;
  for (auto& one : all) {
    if (!one.parameter.grad().defined()) one.parameter.mutable_grad() = at::zeros_like(one.parameter);
    flat.push_back(one.parameter.grad().reshape({-1}));
  }
  auto sum = at::cat(flat);
  communicator.all_reduce_sum(sum);
  int64_t first = 0;
  for (auto& one : all) {
    auto& gradient = one.parameter.mutable_grad();
    gradient.copy_(sum.narrow(0, first, gradient.numel()).view(gradient.sizes()));
    if (one.factor != 1) gradient.mul_(one.factor);
    first += gradient.numel();
  }
}

}  // namespace

at::Tensor part_of_rank(const at::Tensor& rows, const Communicator& communicator) {
  if (communicator.size() == 1) return rows;
  const auto count = rows.size(0), rank = communicator.rank();
  return rows.slice(0, first_of_rank(count, rank, communicator),
                    first_of_rank(count, rank + 1, communicator));
}

int64_t first_of_rank(int64_t count, int64_t rank, const Communicator& communicator) {
  return rank * count / communicator.size();
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
  const double mean = 1 / static_cast<double>(communicator.size());
  std::vector<Summed> all, together;
  for (const auto& one : divided) all.push_back({one.tensor, 1});
  for (const auto& one : repeated) all.push_back({one.tensor, mean});
  const auto known = known_anywhere(all, communicator);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!known[i]) continue;
    if (!together.empty() && !travel_together(together.back().parameter, all[i].parameter)) {
      sum_together(together, communicator);
      together.clear();
    }
    together.push_back(all[i]);
  }
  if (!together.empty()) sum_together(together, communicator);
}

void expect_same_everywhere(const std::vector<NamedTensor>& tensors, Communicator& communicator) {
  if (communicator.size() == 1 || tensors.empty()) return;
  std::vector<int64_t> hashes;
  for (const auto& one : tensors) hashes.push_back(hash_of(one.tensor));
  const auto all = communicator.all_gather(at::tensor(hashes, at::kLong).unsqueeze(0));
  const auto other = all.ne(all[0]).nonzero();
  if (other.size(0) == 0) return;
  throw Error(fmt::format(
      "rank {} has other values of \"{}\" than rank 0, where all have to have the same; look "
      "at the memory and the network of its machine",
      other[0][0].item<int64_t>(), tensors[static_cast<size_t>(other[0][1].item<int64_t>())].name));
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
