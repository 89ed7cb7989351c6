#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "host/refinement/refinements.hpp"
#include "kindred/distance.hpp"
#include "kindred/search/sign_codes.hpp"

namespace kindred::host {

/// Rows in fewer bytes, for finding what is worth comparing as it was stored. Queries stay as they are: only
/// one side of a comparison is rounded (asymmetric distances, Gordo, Perronnin, Gong, Lazebnik 2014).
///   int8    x ~ c |x|_inf / 127 with c from -127 to 127: D + 4 bytes per row
///   binary  x ~ m + s sign(x - m), see kindred/search/sign_codes.hpp: D / 8 bytes per row
/// Nothing of it is learned from labels.
class CodedRows {
 public:
  /// rows float32 (N, D) on the CPU, contiguous; `kind` is not none.
  CodedRows(CodeKind kind, const at::Tensor& rows);

  /// float32 (T, N): what orders the rows of one query by distance, larger is nearer, as it is seen by their
  /// codes. `queries` float32 (T, D), of length 1 where the distance is the cosine. Rows are decoded a tile
  /// at a time, so that it takes little memory beside the codes.
  at::Tensor scores(Distance distance, const at::Tensor& queries) const;

  /// The rows from `begin` up to `end`, as the codes have them: float32 (end - begin, D).
  at::Tensor decoded(int64_t begin, int64_t end) const;

  int64_t size() const { return codes_.size(0); }
  int64_t bytes_per_row() const;

 private:
  CodeKind kind_;
  int64_t dimension_;
  at::Tensor codes_;   // int8 (N, D), or uint8 (N, ceil(D / 8))
  at::Tensor scales_;  // of int8: float32 (N, 1)
  SignCodes signs_;    // of binary
};

}  // namespace kindred::host
