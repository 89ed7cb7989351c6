#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <sstream>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "nn/script_module.hpp"

namespace kindred {
namespace {

/// A traced or scripted module that maps normalised pictures (B, 3, H, W) to (B, D).
class TorchScriptEncoder final : public Encoder {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"TorchModule", "ScriptModule", "JIT"};
  struct Params {
    std::string module;
    int64_t dimension = 0;
    int64_t probe_size = 224;
    static void describe(Schema<Params>& schema) {
      schema.field("module", &Params::module)
          .doc("File written by torch.jit.save.")
          .resource()
          .example("\"encoder.pt\"")
          .required();
      schema.field("dimension", &Params::dimension)
          .doc("D of its embeddings; 0 finds it by running one blank picture.")
          .range(0, 1 << 20);
      schema.field("probe_size", &Params::probe_size).doc("Side of that picture.").unit("px").range(1, 4096);
    }
  };

  explicit TorchScriptEncoder(const Params& params)
      : module_(nn::load_script_module(params.module)), dimension_(params.dimension) {
    if (dimension_ == 0) dimension_ = probed_dimension(params);
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t dimension() const override { return dimension_; }
  void train(bool on) override {
    module_.train(on);
    if (!on || !norms_frozen_) return;
    for (auto module : module_.modules()) {
      const auto type = module.type()->name();
      if (type && type->name().find("BatchNorm") != std::string::npos) module.eval();
    }
  }
  void freeze_batch_norms(bool on) override { norms_frozen_ = on; }

  at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const override {
    return normalized_images(batch, dtype).contiguous();
  }

  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override {
    return nn::run_script_module(module_, {input});
  }
  std::vector<NamedTensor> parameters() override { return nn::script_parameters(module_); }
  std::vector<NamedTensor> buffers() override { return nn::script_buffers(module_); }

 private:
  int64_t probed_dimension(const Params& params) {
    at::NoGradGuard no_grad;
    at::Tensor out;
    try {
      out = run_stages(at::zeros({1, 3, params.probe_size, params.probe_size}, at::kFloat), 0, 1);
    } catch (const std::exception& error) {
      throw Error(params.module + " cannot encode a picture of " + std::to_string(params.probe_size) +
                  " px; set \"dimension\", or \"probe_size\" to the size it was traced with");
    }
    if (out.dim() != 2) {
      std::ostringstream shape;
      shape << out.sizes();
      throw Error(params.module + " maps (1, 3, H, W) to " + shape.str() + ", expected (1, D)");
    }
    return out.size(1);
  }

  torch::jit::Module module_;
  int64_t dimension_;
  bool norms_frozen_ = false;
};

}  // namespace
KINDRED_COMPONENT(Encoder, TorchScriptEncoder, "kindred.torchscript", "1.0.0",
                  "A traced or scripted PyTorch module");
}  // namespace kindred
