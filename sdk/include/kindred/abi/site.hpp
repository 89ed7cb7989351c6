#pragma once

#include <cstdint>
#include <vector>

namespace kindred {

/// What a component may know about the place that it is created for; see kindred_site.
struct Site {
  int64_t input_dimension = 0;
  int64_t classes = 0;
  uint64_t seed = 0;
  std::vector<int64_t> class_sizes{};  ///< one for each class, or none where they are not known
};

}  // namespace kindred
