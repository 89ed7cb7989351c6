#include "host/refinement/row_transform.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "kindred/distance.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

at::Tensor RowTransform::apply(const at::Tensor& rows) const {
  at::NoGradGuard no_grad;
  auto out = rows;
  if (cut > 0) {
    if (rows.dim() != 2 || rows.size(1) < cut) {
      throw Error(
          fmt::format("embeddings have {} numbers, of which the first {} cannot be kept; take at most {}",
                      rows.size(-1), cut, rows.size(-1)));
    }
    out = rows.slice(1, 0, cut).to(at::kFloat).contiguous();
    if (unit_length) out = l2_normalized(out);
  }
  return whitening ? whitening->apply(out) : out;
}

RowTransform learn_row_transform(const Refinements& refinements, const at::Tensor& training,
                                 bool unit_length) {
  RowTransform out;
  out.cut = refinements.cut;
  out.unit_length = unit_length;
  if (refinements.whiten > 0) out.whitening = PcaWhitening::learn(out.apply(training), refinements.whiten);
  return out;
}

}  // namespace kindred::host
