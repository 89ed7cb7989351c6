#include "host/engine/views.hpp"

#include <ATen/ATen.h>

namespace kindred::host {

at::Tensor mean_over_views(const std::vector<std::string>& names,
                           const std::function<at::Tensor(int64_t view)>& embed) {
  at::Tensor sum;
  for (const auto& name : names) {
    const auto embeddings = embed(view_from_name(name));
    sum = sum.defined() ? sum + embeddings : embeddings;
  }
  return sum / static_cast<double>(names.size());
}

}  // namespace kindred::host
