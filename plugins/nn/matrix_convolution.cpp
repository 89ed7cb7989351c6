#include "nn/matrix_convolution.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "nn/kernels/packed_weight.hpp"

namespace kindred::nn {
namespace {

/// Results that are computed by a panel of the weight while it is in the cache, and while what they are made
/// of is.
constexpr int64_t kChunkRows = 196, kChunkNumbers = 200 * 1024;
/// Copies that are multiplied by the gradients of their results at a time.
constexpr int64_t kCopiedNumbers = 1024 * 1024;

/// Copies what the results of a convolution are made of, row by row of the kernel.
class Patches {
 public:
  Patches(const at::Tensor& x, const FixedShape& shape, int64_t kernel, int64_t height, int64_t width)
      : in_(x.data_ptr<float>()),
        channels_(x.size(1)),
        in_height_(x.size(2)),
        in_width_(x.size(3)),
        kernel_(kernel),
        shape_(shape),
        height_(height),
        width_(width) {}

  /// `row`: of all results. (kernel, kernel, channels) -> `to`.
  void copy(int64_t row, float* to) const {
    const int64_t image = row / (height_ * width_);
    const int64_t top = row / width_ % height_ * shape_.stride - shape_.before[0];
    const int64_t left = row % width_ * shape_.stride - shape_.before[1];
    // Columns of the kernel that lie inside the map.
    const int64_t first = std::clamp<int64_t>(-left, 0, kernel_);
    const int64_t last = std::clamp<int64_t>(in_width_ - left, first, kernel_);
    for (int64_t i = 0; i < kernel_; ++i, to += kernel_ * channels_) {
      const int64_t line = top + i;
      if (line < 0 || line >= in_height_) {
        std::fill(to, to + kernel_ * channels_, 0.0F);
        continue;
      }
      const float* from = in_ + ((image * in_height_ + line) * in_width_ + left + first) * channels_;
      std::fill(to, to + first * channels_, 0.0F);
      std::copy(from, from + (last - first) * channels_, to + first * channels_);
      std::fill(to + last * channels_, to + kernel_ * channels_, 0.0F);
    }
  }

 private:
  const float* in_;
  const int64_t channels_, in_height_, in_width_, kernel_;
  const FixedShape& shape_;
  const int64_t height_, width_;
};

class MatrixConvolution final : public InferenceConvolution {
 public:
  MatrixConvolution(const at::Tensor& weight, const at::Tensor& bias, const FixedShape& shape)
      : InferenceConvolution(at::kFloat),
        kernel_(weight.size(2)),
        weight_(packed_kernel(weight, bias)),
        shape_(shape) {}

  at::Tensor run(const at::Tensor& x, const at::Tensor& other, Activation activation) const override {
    return matrix_convolution(x, weight_, kernel_, shape_, other, clamp_of(activation));
  }

 private:
  const int64_t kernel_;
  const PackedWeight weight_;
  const FixedShape shape_;
};

}  // namespace

bool serves_matrices(const at::Tensor& weight, const FixedShape& shape) {
  return shape.groups == 1 && weight.size(2) == weight.size(3) && weight.scalar_type() == at::kFloat &&
         weight.device().is_cpu() && panel_columns() != 0;
}

PackedWeight packed_kernel(const at::Tensor& weight, const at::Tensor& bias) {
  return {weight.permute({0, 2, 3, 1}).flatten(1), bias};
}

at::Tensor matrix_convolution(const at::Tensor& x, const PackedWeight& weight, int64_t kernel,
                              const FixedShape& shape, const at::Tensor& other, const Clamp& clamp) {
  const auto y =
      unset_map(x, weight.columns(), output_size(x, kernel, shape, 0), output_size(x, kernel, shape, 1));
  const Patches patches(x, shape, kernel, y.size(2), y.size(3));
  const int64_t depth = weight.depth(), columns = weight.columns(), stride = spread_stride(depth);
  const bool copies = kernel > 1 || shape.stride > 1 || stride > depth;
  const int64_t rows = y.numel() / columns, panels = panel_count(columns);
  const int64_t chunk =
      std::min(kChunkRows, copies ? std::max<int64_t>(28, kChunkNumbers / depth) : kChunkRows);
  const int64_t chunks = (rows + chunk - 1) / chunk;
  // Few rows are multiplied by a part of the weight on each thread.
  const int64_t parts = std::clamp<int64_t>(at::get_num_threads() / std::max<int64_t>(1, chunks), 1, panels);
  const float *in = x.data_ptr<float>(), *sum = other.defined() ? other.data_ptr<float>() : nullptr;
  float* out = y.data_ptr<float>();
  at::parallel_for(0, chunks * parts, 1, [&](int64_t first, int64_t last) {
    std::vector<float> room(copies ? static_cast<size_t>((rows / chunks + 1) * stride) : 0);
    auto product = weight.product();
    product.out_stride = columns, product.low = clamp.low, product.high = clamp.high;
    for (int64_t task = first; task < last; ++task) {
      const int64_t begin = task / parts * rows / chunks, end = (task / parts + 1) * rows / chunks;
      product.rows = copies ? room.data() : in + begin * depth;
      product.row_stride = copies ? stride : depth;
      product.count = end - begin;
      for (int64_t row = begin; copies && row < end; ++row)
        patches.copy(row, room.data() + (row - begin) * stride);
      product.other = sum == nullptr ? nullptr : sum + begin * columns;
      product.out = out + begin * columns;
      const int64_t part = task % parts;
      multiply(product, part * panels / parts, (part + 1) * panels / parts);
    }
  });
  return y;
}

at::Tensor matrix_weight_gradient(const at::Tensor& x, const at::Tensor& gradient, int64_t kernel,
                                  const FixedShape& shape) {
  const int64_t outputs = gradient.size(1), inputs = x.size(1), depth = kernel * kernel * inputs;
  const auto of_rows = gradient.permute({0, 2, 3, 1}).reshape({-1, outputs});
  const int64_t rows = of_rows.size(0);
  const auto sums = x.new_zeros({outputs, depth});
  const Patches patches(x, shape, kernel, gradient.size(2), gradient.size(3));
  const int64_t fitting = std::max<int64_t>(1, std::min(rows, kCopiedNumbers / depth));
  const auto room = x.new_empty({fitting, depth});
  float* to = room.data_ptr<float>();
  for (int64_t begin = 0; begin < rows; begin += fitting) {
    const int64_t count = std::min(fitting, rows - begin);
    at::parallel_for(0, count, 32, [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) patches.copy(begin + row, to + row * depth);
    });
    sums.addmm_(of_rows.narrow(0, begin, count).t(), room.narrow(0, 0, count));
  }
  return sums.view({outputs, kernel, kernel, inputs}).permute({0, 3, 1, 2});
}

std::shared_ptr<const InferenceConvolution> make_matrix_convolution(const FinalConvolution& layer) {
  if (!serves_matrices(layer.weight, layer.shape)) return nullptr;
  return std::make_shared<MatrixConvolution>(layer.weight, layer.bias, layer.shape);
}

}  // namespace kindred::nn
