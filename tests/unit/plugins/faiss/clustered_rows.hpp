#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>

#include "component.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/index.hpp"

namespace kindred::testing {

/// Rows near 50 centres, of length 1 where the distance is the cosine, and queries near the same.
struct ClusteredRows {
  std::shared_ptr<const StoredRows> rows;
  at::Tensor queries;
};

inline ClusteredRows clustered_rows(int64_t count, int64_t dimension, Distance distance,
                                    at::ScalarType dtype = at::kHalf) {
  at::manual_seed(3);
  const auto centres = at::randn({50, dimension});
  const auto near = [&](int64_t number) {
    const auto x =
        centres.index_select(0, at::randint(50, {number}, at::kLong)) + 0.4 * at::randn({number, dimension});
    return (distance.kind == Distance::cosine ? l2_normalized(x) : x).contiguous();
  };
  return {std::make_shared<TensorRows>(near(count).to(dtype)), near(100)};
}

inline std::shared_ptr<Index> faiss_index(const nlohmann::json& params = nlohmann::json::object()) {
  return make<Index>("faiss", "kindred.faiss", params);
}

/// The share of the rows of `expected` that stand in the same row of `found`.
inline double share_found(const at::Tensor& found, const at::Tensor& expected) {
  return found.unsqueeze(2).eq(expected.unsqueeze(1)).any(1).to(at::kDouble).mean().item<double>();
}

}  // namespace kindred::testing
