#include "kindred/search/sign_codes.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace kindred {
namespace {

constexpr int64_t kCodeBits = 8, kBytes = 256;
constexpr int64_t kLearnedNumbers = int64_t{1} << 22;

at::Tensor bit_values() { return at::tensor({1, 2, 4, 8, 16, 32, 64, 128}, at::kByte); }

/// bool (256, 8): the bits of every byte.
at::Tensor bits_of_bytes() {
  return at::arange(kBytes, at::kLong).to(at::kByte).unsqueeze(1).bitwise_and(bit_values()).ne(0);
}

}  // namespace

SignCodes SignCodes::learn(const StoredRows& rows) {
  at::NoGradGuard no_grad;
  const int64_t count = rows.size(), width = rows.dimension();
  const int64_t step = std::max<int64_t>(kLearnedNumbers / std::max<int64_t>(width, 1), 1);
  const auto mean_of = [&](const auto& value) {
    auto sum = at::zeros({width}, at::kDouble);
    for (int64_t first = 0; first < count; first += step)
      sum.add_(
          value(rows.rows(first, std::min(first + step, count)).to(at::kFloat)).sum(0, false, at::kDouble));
    return sum.div_(static_cast<double>(count)).to(at::kFloat);
  };
  SignCodes out;
  out.mean = mean_of([](const at::Tensor& part) { return part; });
  out.deviation = mean_of([&](const at::Tensor& part) { return (part - out.mean).abs_(); });
  return out;
}

at::Tensor SignCodes::encoded(const at::Tensor& rows) const {
  at::NoGradGuard no_grad;
  const int64_t width = mean.size(0), bytes = code_bytes();
  const auto bits = (rows.to(at::kFloat) - mean).gt(0).to(at::kByte);
  const auto padded = at::constant_pad_nd(bits, {0, bytes * kCodeBits - width});
  return padded.view({rows.size(0), bytes, kCodeBits})
      .mul(bit_values().to(mean.device()))
      .sum(2, false, at::kByte);
}

at::Tensor SignCodes::decoded(const at::Tensor& codes) const {
  at::NoGradGuard no_grad;
  const auto places = codes.reshape({-1}).to(at::kInt);
  const auto bits = bits_of_bytes().to(mean.device()).index_select(0, places).view({codes.size(0), -1});
  return at::where(bits.slice(1, 0, mean.size(0)), mean + deviation, mean - deviation);
}

}  // namespace kindred
