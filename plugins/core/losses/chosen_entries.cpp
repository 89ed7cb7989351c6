#include "core/losses/chosen_entries.hpp"

#include <ATen/ATen.h>

#include "core/losses/chosen_sums.hpp"

namespace kindred {
namespace {

/// One of so many entries costs more to pick than to compute.
constexpr int64_t kFew = 8;

}  // namespace

ChosenEntries::ChosenEntries(const at::Tensor& chosen) : chosen_(chosen) {
  // Picking them would wait for another device.
  if (!chosen.is_cpu() || counts_of_chosen(chosen).sum().item<int64_t>() * kFew > chosen.numel()) return;
  const auto entries = chosen.nonzero();
  rows_ = entries.select(1, 0);
  columns_ = entries.select(1, 1);
}

at::Tensor ChosenEntries::of(const at::Tensor& matrix) const {
  if (!rows_.defined()) return matrix;
  return matrix.reshape({-1}).index_select(0, rows_ * matrix.size(1) + columns_);
}

at::Tensor ChosenEntries::of_rows(const at::Tensor& vector) const {
  return rows_.defined() ? vector.index_select(0, rows_) : vector.unsqueeze(1);
}

at::Tensor ChosenEntries::of_columns(const at::Tensor& vector) const {
  return rows_.defined() ? vector.index_select(0, columns_) : vector.unsqueeze(0);
}

LossSums ChosenEntries::sums(const at::Tensor& values) const {
  if (!rows_.defined()) return sums_of_chosen(values, chosen_);
  return one_sum(values.sum(), rows_.numel());
}

}  // namespace kindred
