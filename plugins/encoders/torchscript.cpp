#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <sstream>

#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// A traced or scripted module that maps normalised pictures (B, 3, H, W) to (B, D). The file is a program
/// in TorchScript's own language, which has no way to reach files or processes; open modules of sources
/// that you trust all the same.
class TorchScriptEncoder final : public Encoder {
 public:
  struct Params {
    std::string module;
    int64_t dimension = 0;
    int64_t probe_size = 224;
    static void describe(Schema<Params>& schema) {
      schema.field("module", &Params::module).doc("File written by torch.jit.save.").resource().required();
      schema.field("dimension", &Params::dimension)
          .doc("D of its embeddings; 0 finds it by running one blank picture.")
          .range(0, 1 << 20);
      schema.field("probe_size", &Params::probe_size).doc("Side of that picture.").unit("px").range(1, 4096);
    }
  };

  explicit TorchScriptEncoder(const Params& params) : dimension_(params.dimension) {
    try {
      module_ = torch::jit::load(params.module, at::Device(at::kCPU));
    } catch (const c10::Error& error) {
      throw Error(params.module + " is no TorchScript module (expected a file of torch.jit.save): " +
                  first_line(error.what_without_backtrace()));
    }
    module_.eval();
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
    const auto out = module_.forward({input});
    if (!out.isTensor()) throw Error("the TorchScript module returned something that is no tensor");
    return out.toTensor().to(at::kFloat);
  }

  std::vector<NamedTensor> parameters() override {
    std::vector<NamedTensor> all;
    for (const auto& one : module_.named_parameters()) all.push_back({one.name, one.value});
    return all;
  }

  std::vector<NamedTensor> buffers() override {
    std::vector<NamedTensor> all;
    for (const auto& one : module_.named_buffers()) all.push_back({one.name, one.value});
    return all;
  }

 private:
  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

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
