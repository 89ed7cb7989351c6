#include "kindred/encoder.hpp"

#include <ATen/ATen.h>

#include "kindred/plugin.hpp"

namespace {

/// Two convolutions, each a stage.
class MyEncoder final : public kindred::Encoder {
 public:
  struct Params {
    int64_t cells = 4;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("cells", &Params::cells).doc("Cells of the grid along each side.").range(1, 64);
    }
  };
  kindred::ObjectKind object_kind() const override { return kindred::ObjectKind::image; }

  // shown in the tutorial:
  explicit MyEncoder(const Params& params)
      : cells_(params.cells),
        edges_(0.2 * at::randn({16, 3, 3, 3}, at::kFloat)),
        mix_(0.2 * at::randn({32, 16, 1, 1}, at::kFloat)) {}
  int64_t dimension() const override { return 32 * cells_ * cells_; }
  std::vector<std::string> stages() const override { return {"edges", "mix"}; }
  int64_t stage_of(const std::string& name) const override { return name == "mix.weight" ? 1 : 0; }
  std::vector<kindred::NamedTensor> parameters() override {
    return {{"edges.weight", edges_}, {"mix.weight", mix_}};
  }
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    auto x = input;
    if (first == 0) x = at::conv2d(x, edges_, {}, 2, 1).relu();
    if (last == 2) x = at::adaptive_avg_pool2d(at::conv2d(x, mix_).relu(), {cells_, cells_}).flatten(1);
    return x;
  }
  // end

 private:
  int64_t cells_;
  at::Tensor edges_, mix_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Encoder, MyEncoder, "my.next_encoder", "0.1.0", "Two convolutions");
