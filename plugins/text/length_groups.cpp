#include "length_groups.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "token_batch.hpp"

namespace kindred {
namespace {

// Smaller groups would cost more in calls than they save in padding.
constexpr size_t kSmallestGroup = 8;

/// A text at least so long as its group's longest does not begin a new group.
bool is_alike(int64_t length, int64_t longest) { return 4 * length >= 3 * longest; }

}  // namespace

at::Tensor encoded_by_length(const at::Tensor& tokens,
                             const std::function<at::Tensor(const at::Tensor& tokens)>& encode) {
  const auto counted = tokens.ne(kNoToken).sum(1).to(at::kCPU);
  const auto* lengths = counted.data_ptr<int64_t>();
  std::vector<int64_t> order(static_cast<size_t>(tokens.size(0)));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t left, int64_t right) { return lengths[left] > lengths[right]; });

  std::vector<at::Tensor> encoded;
  const auto places = at::tensor(order, at::kLong).to(tokens.device());
  for (size_t first = 0; first < order.size();) {
    const auto longest = lengths[order[first]];
    size_t end = std::min(first + kSmallestGroup, order.size());
    while (end < order.size() && is_alike(lengths[order[end]], longest)) ++end;
    if (end - first == order.size()) return encode(tokens);
    const auto rows = places.slice(0, static_cast<int64_t>(first), static_cast<int64_t>(end));
    encoded.push_back(encode(tokens.index_select(0, rows).narrow(1, 0, longest)));
    first = end;
  }
  return at::cat(encoded).index_select(0, places.argsort());
}

}  // namespace kindred
