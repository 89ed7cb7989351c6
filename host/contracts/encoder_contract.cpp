#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>

#include "host/contracts/module_contract.hpp"
#include "kindred/encoder.hpp"
#include "kindred/error.hpp"
#include "kindred/io/network_converter.hpp"
#include "kindred/io/published_tensors.hpp"

namespace kindred::host {
namespace {

/// Its names and numbers never vary, so they are asked for once. What it computes is checked by EncoderPart,
/// which knows where the encoder is cut.
class EncoderContract final : public ModuleContract<Encoder>,
                              public PublishedTensors,
                              public NetworkConverter {
 public:
  EncoderContract(std::shared_ptr<Encoder> inner, const ComponentInfo& info)
      : ModuleContract(std::move(inner), info),
        object_kind_(calls_.call("object_kind", [&] { return inner_->object_kind(); })),
        dimension_(calls_.call("dimension", [&] { return inner_->dimension(); })),
        stages_(calls_.call("stages", [&] { return inner_->stages(); })) {
    if (dimension_ < 0) calls_.broke("dimension", fmt::format("is {}", dimension_));
    if (stages_.empty()) calls_.broke("stages", "gave none; an encoder has at least one");
    for (const auto& one : module_tensors(*this)) stage_of(one.name);
  }

  ObjectKind object_kind() const override { return object_kind_; }
  int64_t dimension() const override { return dimension_; }
  std::vector<std::string> stages() const override { return stages_; }
  int64_t stage_of(const std::string& name) const override {
    const auto stage = calls_.call("stage_of", [&] { return inner_->stage_of(name); });
    if (stage < 0 || stage >= static_cast<int64_t>(stages_.size())) {
      calls_.broke("stage_of",
                   fmt::format("is {} for \"{}\", but there are {} stages", stage, name, stages_.size()));
    }
    return stage;
  }
  void freeze_batch_norms(bool on) override {
    calls_.call("freeze_batch_norms", [&] { inner_->freeze_batch_norms(on); });
  }
  std::vector<std::string> notes() const override {
    return calls_.call("notes", [&] { return inner_->notes(); });
  }
  bool runs_in_bfloat16() const override {
    return calls_.call("runs_in_bfloat16", [&] { return inner_->runs_in_bfloat16(); });
  }
  bool runs_side_by_side() const override {
    return calls_.call("runs_side_by_side", [&] { return inner_->runs_side_by_side(); });
  }
  at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const override {
    auto input = calls_.call("prepare", [&] { return inner_->prepare(batch, dtype); });
    const auto& data = batch.data;
    if (!input.defined() || input.dim() < 1 || input.size(0) != data.size(0) ||
        input.device() != data.device()) {
      calls_.broke("prepare", fmt::format("returned {}; expected the input of a batch of {} on {}",
                                          tensor_text(input), data.size(0), data.device().str()));
    }
    return input;
  }
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    return calls_.call("forward", [&] { return inner_->run_stages(input, first, last); });
  }
  std::vector<NamedTensor> published_tensors() const override {
    const auto* published = dynamic_cast<const PublishedTensors*>(inner_.get());
    return calls_.call("published_tensors", [&] {
      return published == nullptr ? module_tensors(*inner_) : published->published_tensors();
    });
  }
  std::string weights_file() const override {
    const auto* published = dynamic_cast<const PublishedTensors*>(inner_.get());
    auto file = calls_.call("weights_file", [&] {
      return published == nullptr ? PublishedTensors::weights_file() : published->weights_file();
    });
    const std::filesystem::path path(file);
    if (path.empty() || path.is_absolute() || *path.lexically_normal().begin() == "..")
      calls_.broke("weights_file",
                   fmt::format("is \"{}\"; expected a path below the encoder's folder", file));
    return file;
  }
  void convert_network(const std::string& file, const std::string& target) const override {
    const auto* converter = dynamic_cast<const NetworkConverter*>(inner_.get());
    calls_.call("convert_network", [&] {
      if (converter == nullptr) throw Error("its engine has no format of its own for networks");
      converter->convert_network(file, target);
    });
  }

 private:
  ObjectKind object_kind_;
  int64_t dimension_;
  std::vector<std::string> stages_;
};

}  // namespace

std::shared_ptr<Encoder> under_contract(std::shared_ptr<Encoder> encoder, const ComponentInfo& info) {
  return std::make_shared<EncoderContract>(std::move(encoder), info);
}

}  // namespace kindred::host
