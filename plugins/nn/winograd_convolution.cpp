#include "nn/winograd_convolution.hpp"

#include <utility>

#include "nn/tiled_convolution.hpp"

namespace kindred::nn {
namespace {

constexpr int64_t kLeastTilesOfMap = 4;

class WinogradConvolution final : public InferenceConvolution {
 public:
  WinogradConvolution(const at::Tensor& weight, at::Tensor bias)
      : InferenceConvolution(at::kFloat),
        bias_(std::move(bias)),
        weight_(weight.permute({2, 3, 1, 0}).contiguous()) {}

  /// Reading 36 weights of each pair of channels takes longer than what they save in a map of few tiles.
  /// Whatever the number of maps, so that what a picture gives does not depend on those beside it.
  bool takes_size(int64_t height, int64_t width) const override {
    return height * width > kLeastTilesOfMap * kTileOutputs * kTileOutputs;
  }

  at::Tensor run(const at::Tensor& x, const at::Tensor& other, Activation activation) const override {
    return tiled_convolution(x, weight_, bias_, other, clamp_of(activation));
  }

 private:
  const at::Tensor bias_;
  const TiledWeight weight_;
};

}  // namespace

std::shared_ptr<const InferenceConvolution> make_winograd_convolution(const FinalConvolution& layer) {
  if (!serves_tiles(layer.weight, layer.shape)) return nullptr;
  return std::make_shared<WinogradConvolution>(layer.weight, layer.bias);
}

}  // namespace kindred::nn
