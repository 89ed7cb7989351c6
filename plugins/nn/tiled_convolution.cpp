#include "nn/tiled_convolution.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "nn/kernels/matrix_kernels.hpp"

namespace kindred::nn {
namespace {

/// Numbers of the transformed inputs and outputs of a group of tiles, which stay in the second cache; and the
/// least number of tiles, for which all weights are read once.
constexpr int64_t kGroupNumbers = 400 * 1024, kLeastTilesOfGroup = 84;
/// The same of the gradient of a weight, whose sums are read and written once for each group.
constexpr int64_t kGradientNumbers = 8 * 1024 * 1024;

/// How maps of this size are cut into tiles.
TiledMap all_tiles(const at::Tensor& x) {
  TiledMap map{};
  map.height = x.size(2), map.width = x.size(3), map.channels = x.size(1);
  map.rows = (map.height + kTileOutputs - 1) / kTileOutputs;
  map.columns = (map.width + kTileOutputs - 1) / kTileOutputs;
  map.count = x.size(0) * map.rows * map.columns;
  return map;
}

}  // namespace

bool serves_tiles(const at::Tensor& weight, const FixedShape& shape) {
  const std::array<int64_t, 2> one = {1, 1};
  return weight.size(2) == 3 && weight.size(3) == 3 && shape.groups == 1 && shape.stride == 1 &&
         shape.before == one && shape.after == one && weight.size(0) % kKernelLanes == 0 &&
         weight.size(1) % kKernelLanes == 0 && weight.scalar_type() == at::kFloat &&
         weight.device().is_cpu() && panel_columns() != 0;
}

int64_t tile_count(const at::Tensor& x) { return all_tiles(x).count; }

at::Tensor tiled_convolution(const at::Tensor& x, const TiledWeight& weight, const at::Tensor& bias,
                             const at::Tensor& other, const Clamp& clamp) {
  const auto all = all_tiles(x);
  const int64_t inputs = weight.depth(), outputs = weight.columns(), tiles = all.count;
  const auto y = unset_map(x, outputs, all.height, all.width);
  const int64_t fitting =
      std::max<int64_t>(kLeastTilesOfGroup, kGroupNumbers / (kTilePlaces * (inputs + outputs)));
  const int64_t threads = at::get_num_threads();
  const int64_t groups = std::max((tiles + fitting - 1) / fitting, std::min(tiles, threads));
  const int64_t stride = spread_stride(inputs);
  const TiledResult result{bias.data_ptr<float>(), other.defined() ? other.data_ptr<float>() : nullptr,
                           clamp.low, clamp.high, y.data_ptr<float>()};
  at::parallel_for(0, groups, 1, [&](int64_t first, int64_t last) {
    const int64_t most = (tiles + groups - 1) / groups;
    const auto room = x.new_empty({kTilePlaces * most * (stride + outputs)});
    float *transformed = room.data_ptr<float>(), *products = transformed + kTilePlaces * most * stride;
    for (int64_t group = first; group < last; ++group) {
      auto map = all;
      map.first = group * tiles / groups, map.count = (group + 1) * tiles / groups - map.first;
      map.place_stride = map.count * stride;
      processor_kernels().transform_inputs(map, x.data_ptr<float>(), stride, transformed);
      for (int64_t place = 0; place < kTilePlaces; ++place) {
        auto product = weight.product(place);
        product.rows = transformed + place * map.place_stride, product.row_stride = stride;
        product.count = map.count;
        product.out = products + place * map.count * outputs, product.out_stride = outputs;
        multiply(product, 0, panel_count(outputs));
      }
      map.channels = outputs, map.place_stride = map.count * outputs;
      processor_kernels().transform_outputs(map, products, result);
    }
  });
  return y;
}

at::Tensor tiled_weight_gradient(const at::Tensor& x, const at::Tensor& gradient) {
  const auto all = all_tiles(x);
  const int64_t inputs = x.size(1), outputs = gradient.size(1);
  const int64_t room =
      std::clamp<int64_t>(kGradientNumbers / (kTilePlaces * (inputs + outputs)), 1, all.count);
  const auto in = x.new_empty({kTilePlaces, room, inputs});
  const auto out = x.new_empty({kTilePlaces, room, outputs});
  const auto sums = x.new_zeros({kTilePlaces, outputs, inputs});
  for (int64_t begin = 0; begin < all.count; begin += room) {
    const int64_t count = std::min(room, all.count - begin);
    at::parallel_for(0, count, 8, [&](int64_t first, int64_t last) {
      auto map = all;
      map.first = begin + first, map.count = last - first, map.place_stride = room * inputs;
      processor_kernels().transform_inputs(map, x.data_ptr<float>(), inputs,
                                           in.data_ptr<float>() + first * inputs);
      map.channels = outputs, map.place_stride = room * outputs;
      processor_kernels().transform_gradients(map, gradient.data_ptr<float>(),
                                              out.data_ptr<float>() + first * outputs);
    });
    sums.baddbmm_(out.narrow(1, 0, count).transpose(1, 2), in.narrow(1, 0, count));
  }
  return gradient_of_taps(sums).permute({0, 3, 1, 2});
}

}  // namespace kindred::nn
