#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "host/options/views.hpp"

namespace kindred::host {

/// The mean of what `embed` gives for each of `views`, which are not empty.
at::Tensor mean_over_views(const std::vector<int64_t>& views,
                           const std::function<at::Tensor(int64_t view)>& embed);

}  // namespace kindred::host
