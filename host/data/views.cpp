#include "host/data/views.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

at::Tensor mean_over_views(const std::vector<int64_t>& views,
                           const std::function<at::Tensor(int64_t view)>& embed) {
  at::Tensor sum;
  for (const auto view : views) {
    const auto embeddings = embed(view);
    sum = sum.defined() ? sum + embeddings : embeddings;
  }
  return sum / static_cast<double>(views.size());
}

}  // namespace kindred::host
