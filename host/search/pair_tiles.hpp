#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace kindred::host {

/// Rows of a tile of pairs on each side: two tiles of rows and their products are in a processor's cache.
constexpr int64_t kPairBlock = 512;

/// Serves what compares all rows with each other: <x, y> is computed once for x with y and y with x, which is
/// half of the work. Calls `body(first, second, products)` for each pair of blocks of kPairBlock rows:
/// `products` float32 (A, B), contiguous and the caller's, are those of the rows from `first` on with those
/// from `second` on, where `second` is at least `first`. The rows of a block differ between the calls that
/// threads make at the same time, as far as there are enough of them.
///
/// `rows` float32 (N, D) on the CPU, contiguous. Several threads call `body` at once.
void for_each_pair_tile(const at::Tensor& rows,
                        const std::function<void(int64_t first, int64_t second, at::Tensor& products)>& body);

}  // namespace kindred::host
