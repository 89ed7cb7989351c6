#include "nn/winograd_convolution.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "nn/kernels/packed_weight.hpp"

namespace kindred::nn {
namespace {

/// Numbers of the transformed inputs and outputs of a group of tiles, which stay in the second cache; and the
/// least number of tiles, for which all weights are read once.
constexpr int64_t kGroupNumbers = 400 * 1024, kLeastTiles = 84;
constexpr int64_t kLeastTilesOfMap = 4;

/// weight (3, 3) of one input and one output -> its 36 numbers, G g G^T.
void transform_weight(const float* weight, float* numbers) {
  constexpr double kG[kTileInputs][3] = {{1.0 / 4, 0, 0},
                                         {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                         {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                         {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                         {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                         {0, 0, 1}};
  for (int64_t i = 0; i < kTileInputs; ++i) {
    for (int64_t j = 0; j < kTileInputs; ++j) {
      double sum = 0;
      for (int64_t row = 0; row < 3; ++row) {
        for (int64_t column = 0; column < 3; ++column)
          sum += kG[i][row] * static_cast<double>(weight[row * 3 + column]) * kG[j][column];
      }
      numbers[i * kTileInputs + j] = static_cast<float>(sum);
    }
  }
}

class WinogradConvolution final : public InferenceConvolution {
 public:
  WinogradConvolution(const at::Tensor& weight, at::Tensor bias)
      : InferenceConvolution(at::kFloat),
        bias_(std::move(bias)),
        inputs_(weight.size(1)),
        outputs_(weight.size(0)) {
    const auto kernels = weight.contiguous();
    const auto numbers = weight.new_empty({outputs_, inputs_, kTilePlaces});
    at::parallel_for(0, outputs_ * inputs_, 1024, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        transform_weight(kernels.data_ptr<float>() + i * 9, numbers.data_ptr<float>() + i * kTilePlaces);
    });
    for (int64_t place = 0; place < kTilePlaces; ++place)
      weights_.emplace_back(numbers.select(2, place), at::Tensor());
  }

  /// Reading 36 weights of each pair of channels takes longer than what they save in a map of few tiles.
  /// Whatever the number of maps, so that what a picture gives does not depend on those beside it.
  bool takes_size(int64_t height, int64_t width) const override {
    return height * width > kLeastTilesOfMap * kTileOutputs * kTileOutputs;
  }

  at::Tensor run(const at::Tensor& x, const at::Tensor& other, Activation activation) const override {
    const int64_t rows = (x.size(2) + kTileOutputs - 1) / kTileOutputs;
    const int64_t columns = (x.size(3) + kTileOutputs - 1) / kTileOutputs;
    const auto y = unset_map(x, outputs_, x.size(2), x.size(3));
    const int64_t tiles = x.size(0) * rows * columns, threads = at::get_num_threads();
    const int64_t fitting =
        std::max<int64_t>(kLeastTiles, kGroupNumbers / (kTilePlaces * (inputs_ + outputs_)));
    const int64_t groups = std::max((tiles + fitting - 1) / fitting, std::min(tiles, threads));
    const int64_t stride = spread_stride(inputs_);
    const auto clamp = clamp_of(activation);
    const TiledResult result{bias_.data_ptr<float>(), other.defined() ? other.data_ptr<float>() : nullptr,
                             clamp.low, clamp.high, y.data_ptr<float>()};
    at::parallel_for(0, groups, 1, [&](int64_t first, int64_t last) {
      const int64_t most = (tiles + groups - 1) / groups;
      const auto room = x.new_empty({kTilePlaces * most * (stride + outputs_)});
      float *transformed = room.data_ptr<float>(), *products = transformed + kTilePlaces * most * stride;
      for (int64_t group = first; group < last; ++group) {
        const int64_t begin = group * tiles / groups, count = (group + 1) * tiles / groups - begin;
        TiledMap map{x.size(2), x.size(3), inputs_, rows, columns, begin, count};
        processor_kernels().transform_inputs(map, x.data_ptr<float>(), stride, transformed);
        for (int64_t place = 0; place < kTilePlaces; ++place)
          multiply_place(place, transformed + place * count * stride, stride, count,
                         products + place * count * outputs_);
        map.channels = outputs_;
        processor_kernels().transform_outputs(map, products, result);
      }
    });
    return y;
  }

 private:
  void multiply_place(int64_t place, const float* rows, int64_t stride, int64_t count, float* out) const {
    constexpr float kUnbounded = std::numeric_limits<float>::infinity();
    auto product = weights_[static_cast<size_t>(place)].product();
    product.rows = rows, product.row_stride = stride, product.count = count;
    product.out = out, product.out_stride = outputs_;
    product.low = -kUnbounded, product.high = kUnbounded;
    multiply(product, 0, panel_count(outputs_));
  }

  const at::Tensor bias_;
  const int64_t inputs_, outputs_;
  std::vector<PackedWeight> weights_;  ///< of each place of a tile
};

}  // namespace

std::shared_ptr<const InferenceConvolution> make_winograd_convolution(const FinalConvolution& layer) {
  const auto& [weight, bias, shape] = layer;
  const std::array<int64_t, 2> one = {1, 1};
  const bool fits = weight.size(2) == 3 && weight.size(3) == 3 && shape.groups == 1 && shape.stride == 1 &&
                    shape.before == one && shape.after == one && weight.size(0) % kKernelLanes == 0 &&
                    weight.size(1) % kKernelLanes == 0;
  if (!fits || weight.scalar_type() != at::kFloat || panel_columns() == 0) return nullptr;
  return std::make_shared<WinogradConvolution>(weight, bias);
}

}  // namespace kindred::nn
