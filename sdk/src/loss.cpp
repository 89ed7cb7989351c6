#include "kindred/loss.hpp"

#include "kindred/error.hpp"

namespace kindred {

at::Tensor Loss::forward_pairs(const PairBatch&) {
  throw Error("this loss takes labels, not pairs; it goes without a miner and without a memory");
}

}  // namespace kindred
