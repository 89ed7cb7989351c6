#include "nn/fused_inverted_residual.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace kindred::nn {
namespace {

constexpr float kMost = 6;  ///< of ReLU6
constexpr int64_t kStripNumbers =
    160 * 1024;  ///< of the expanded rows of a strip, which stay in the second cache
constexpr int64_t kLeastNumbers = 150 * 1024;  ///< of the expanded map of a picture

}  // namespace

/// One call's input and result.
struct FusedInvertedResidual::Map {
  const float *in, *added;
  float* out;
  int64_t images, height, width, out_height, out_width, strips;
};

std::shared_ptr<const FusedInvertedResidual> FusedInvertedResidual::make(const FinalConvolution& expand,
                                                                         const FinalConvolution& depthwise,
                                                                         const FinalConvolution& project) {
  if (panel_columns() == 0 || !depthwise.weight.defined() || !project.weight.defined()) return nullptr;
  const auto inner = depthwise.weight.size(0), kernel = depthwise.weight.size(2);
  const bool fits = (kernel == 3 || kernel == 5) && inner % kKernelLanes == 0 &&
                    depthwise.shape.groups == inner && depthwise.weight.scalar_type() == at::kFloat &&
                    depthwise.weight.device().is_cpu();
  return fits ? std::make_shared<FusedInvertedResidual>(expand, depthwise, project) : nullptr;
}

FusedInvertedResidual::FusedInvertedResidual(const FinalConvolution& expand,
                                             const FinalConvolution& depthwise,
                                             const FinalConvolution& project)
    : weight_(depthwise.weight.reshape({depthwise.weight.size(0), -1}).t().contiguous()),
      bias_(depthwise.bias.contiguous()),
      project_(project.weight.flatten(1), project.bias),
      inputs_(depthwise.weight.size(0)),
      inner_(depthwise.weight.size(0)),
      kernel_(depthwise.weight.size(2)),
      shape_(depthwise.shape) {
  if (!expand.weight.defined()) return;
  expand_.emplace(expand.weight.flatten(1), expand.bias);
  inputs_ = expand.weight.size(1);
}

bool FusedInvertedResidual::takes(const at::Tensor& x) const {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && !at::GradMode::is_enabled() &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && x.size(2) * x.size(3) * inner_ >= kLeastNumbers;
}

at::Tensor FusedInvertedResidual::run(const at::Tensor& x, bool adds) const {
  const auto outputs = [&](size_t i) {
    return (x.size(2 + static_cast<int64_t>(i)) + shape_.before[i] + shape_.after[i] - kernel_) /
               shape_.stride +
           1;
  };
  Map map{x.data_ptr<float>(),
          adds ? x.data_ptr<float>() : nullptr,
          nullptr,
          x.size(0),
          x.size(2),
          x.size(3),
          outputs(0),
          outputs(1),
          0};
  const auto y = unset_map(x, project_.columns(), map.out_height, map.out_width);
  map.out = y.data_ptr<float>();
  const int64_t columns = map.width + shape_.before[1] + shape_.after[1];
  const int64_t fitting =
      std::max<int64_t>(1, (kStripNumbers / (columns * inner_) - kernel_) / shape_.stride + 1);
  // An even number, for the threads of a single picture.
  map.strips = std::min((map.out_height + 2 * fitting - 1) / (2 * fitting) * 2, map.out_height);
  const int64_t most_rows = (map.out_height + map.strips - 1) / map.strips;
  const int64_t most_in = (most_rows - 1) * shape_.stride + kernel_;
  at::parallel_for(0, map.images * map.strips, 1, [&](int64_t first, int64_t last) {
    const auto room = x.new_empty({most_in * columns * inner_ + most_rows * map.out_width * inner_});
    float* expanded = room.data_ptr<float>();
    for (int64_t strip = first; strip < last; ++strip)
      run_strip(map, strip, expanded, expanded + most_in * columns * inner_);
  });
  return y;
}

void FusedInvertedResidual::run_strip(const Map& map, int64_t strip, float* expanded, float* filtered) const {
  const int64_t image = strip / map.strips, place = strip % map.strips;
  const int64_t first = place * map.out_height / map.strips, last = (place + 1) * map.out_height / map.strips;
  const int64_t rows = last - first;
  expand_rows(map, image, first * shape_.stride - shape_.before[0], (rows - 1) * shape_.stride + kernel_,
              expanded);
  processor_kernels().convolve_strip({expanded, map.width + shape_.before[1] + shape_.after[1], inner_,
                                      kernel_, shape_.stride, weight_.data_ptr<float>(),
                                      bias_.data_ptr<float>(), 0, kMost, filtered, rows, map.out_width});
  const int64_t result = (image * map.out_height + first) * map.out_width * project_.columns();
  auto product = project_.product();
  const auto clamp = clamp_of(Activation::none);
  product.rows = filtered, product.row_stride = inner_, product.count = rows * map.out_width;
  product.other = map.added == nullptr ? nullptr : map.added + result;
  product.out = map.out + result, product.out_stride = project_.columns();
  product.low = clamp.low, product.high = clamp.high;
  multiply(product, 0, panel_count(project_.columns()));
}

/// Rows [first, first + rows) of the map, of which those outside are zeros, with the zeros beside them.
void FusedInvertedResidual::expand_rows(const Map& map, int64_t image, int64_t first, int64_t rows,
                                        float* expanded) const {
  const int64_t left = shape_.before[1], columns = map.width + left + shape_.after[1];
  for (int64_t row = 0; row < rows; ++row) {
    float* to = expanded + row * columns * inner_;
    const int64_t line = first + row;
    if (line < 0 || line >= map.height) {
      std::fill(to, to + columns * inner_, 0.0F);
      continue;
    }
    const float* from = map.in + (image * map.height + line) * map.width * inputs_;
    std::fill(to, to + left * inner_, 0.0F);
    std::fill(to + (left + map.width) * inner_, to + columns * inner_, 0.0F);
    if (!expand_) {
      std::copy(from, from + map.width * inner_, to + left * inner_);
      continue;
    }
    auto product = expand_->product();
    product.rows = from, product.row_stride = inputs_, product.count = map.width;
    product.out = to + left * inner_, product.out_stride = inner_;
    product.low = 0, product.high = kMost;
    multiply(product, 0, panel_count(inner_));
  }
}

}  // namespace kindred::nn
