#pragma once

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "host/contracts/contract.hpp"

/// The contracts of what has tensors: losses, miners, encoders and heads. For contracts.cpp only.
namespace kindred::host {

/// What all of them have in common.
template <class Interface>
class ModuleContract : public Contract<Interface> {
 public:
  using Contract<Interface>::Contract;

  std::vector<NamedTensor> parameters() override {
    return defined("parameters", party_.call("parameters", [&] { return inner_->parameters(); }));
  }
  std::vector<NamedTensor> buffers() override {
    return defined("buffers", party_.call("buffers", [&] { return inner_->buffers(); }));
  }
  void train(bool on) override {
    party_.call("train", [&] { inner_->train(on); });
  }
  void prepare_for_inference(at::ScalarType dtype) override {
    party_.call("prepare_for_inference", [&] { inner_->prepare_for_inference(dtype); });
  }

 protected:
  using Contract<Interface>::inner_;
  using Contract<Interface>::party_;

 private:
  std::vector<NamedTensor> defined(const char* phase, std::vector<NamedTensor> tensors) const {
    for (const auto& one : tensors) {
      if (!one.tensor.defined()) party_.broke(phase, "gave no tensor as \"" + one.name + "\"");
    }
    return tensors;
  }
};

class LossContract final : public ModuleContract<Loss> {
 public:
  using ModuleContract::ModuleContract;

  LossTraits traits() const override {
    return party_.call("traits", [&] { return inner_->traits(); });
  }
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    return checked(party_.call("forward", [&] { return inner_->forward(embeddings, labels); }), embeddings);
  }
  at::Tensor forward_pairs(const PairBatch& batch) override {
    return checked(party_.call("forward", [&] { return inner_->forward_pairs(batch); }), batch.embeddings);
  }
  at::Tensor forward_scored(const ScoredPairs& pairs) override {
    return checked(party_.call("forward", [&] { return inner_->forward_scored(pairs); }), pairs.a);
  }

 private:
  at::Tensor checked(at::Tensor loss, const at::Tensor& embeddings) const {
    if (!loss.defined() || loss.numel() != 1 || loss.scalar_type() != embeddings.scalar_type() ||
        loss.device() != embeddings.device()) {
      party_.broke(
          "forward",
          fmt::format("returned {}; expected one number of the embeddings' dtype and device, which are {}",
                      tensor_text(loss), tensor_text(embeddings)));
    }
    if (embeddings.requires_grad() && !loss.requires_grad()) {
      party_.broke(
          "forward",
          "returned a loss without a gradient path to the embeddings; compute it from them, and multiply "
          "by zero where no pair or triplet is left");
    }
    return loss;
  }
};

class MinerContract final : public ModuleContract<Miner> {
 public:
  using ModuleContract::ModuleContract;

  Mined mine(const PairBatch& batch) override {
    auto kept = party_.call("mine", [&] { return inner_->mine(batch); });
    if (kept.triplets.defined()) {
      check_rows("positive", kept.triplets.anchors, kept.triplets.positives, batch.masks.positive);
      check_rows("negative", kept.triplets.anchors, kept.triplets.negatives, batch.masks.negative);
    } else {
      check_mask("positive", kept.masks.positive, batch.masks.positive);
      check_mask("negative", kept.masks.negative, batch.masks.negative);
    }
    return kept;
  }

 private:
  void check_mask(const char* which, const at::Tensor& kept, const at::Tensor& given) const {
    if (!kept.defined() || kept.sizes() != given.sizes() || kept.scalar_type() != at::kBool ||
        kept.device() != given.device()) {
      party_.broke("mine", fmt::format("returned {} as the mask of {} pairs; expected {}", tensor_text(kept),
                                       which, tensor_text(given)));
    }
    if (kept.logical_and(given.logical_not()).any().item<bool>()) {
      party_.broke("mine", fmt::format("kept a pair as {} that is none", which));
    }
  }
  void check_rows(const char* which, const at::Tensor& anchors, const at::Tensor& others,
                  const at::Tensor& given) const {
    const auto is_list = [&](const at::Tensor& x) {
      return x.defined() && x.dim() == 1 && x.scalar_type() == at::kLong && x.device() == given.device();
    };
    if (!is_list(anchors) || !is_list(others) || anchors.numel() != others.numel()) {
      party_.broke("mine", fmt::format("returned {} as anchors and {} as their {}s; expected int64 (T) each",
                                       tensor_text(anchors), tensor_text(others), which));
    }
    const auto inside = [](const at::Tensor& x, int64_t end) {
      return x.ge(0).logical_and(x.lt(end)).all().item<bool>();
    };
    if (!inside(anchors, given.size(0)) || !inside(others, given.size(1))) {
      party_.broke("mine", fmt::format("gave row numbers outside of {} embeddings and {} references",
                                       given.size(0), given.size(1)));
    }
    const auto places = anchors * given.size(1) + others;
    if (!given.reshape({-1}).index_select(0, places).all().item<bool>()) {
      party_.broke("mine", fmt::format("kept a pair as {} that is none", which));
    }
  }
};

/// Its names and numbers never vary, so they are asked for once. What it computes is checked by EncoderPart,
/// which knows where the encoder is cut.
class EncoderContract final : public ModuleContract<Encoder> {
 public:
  EncoderContract(std::shared_ptr<Encoder> inner, const ComponentInfo& info)
      : ModuleContract(std::move(inner), info),
        object_kind_(party_.call("object_kind", [&] { return inner_->object_kind(); })),
        dimension_(party_.call("dimension", [&] { return inner_->dimension(); })),
        stages_(party_.call("stages", [&] { return inner_->stages(); })) {
    if (dimension_ < 0) party_.broke("dimension", fmt::format("is {}", dimension_));
    if (stages_.empty()) party_.broke("stages", "gave none; an encoder has at least one");
    for (const auto& one : module_tensors(*this)) stage_of(one.name);
  }

  ObjectKind object_kind() const override { return object_kind_; }
  int64_t dimension() const override { return dimension_; }
  std::vector<std::string> stages() const override { return stages_; }
  int64_t stage_of(const std::string& name) const override {
    const auto stage = party_.call("stage_of", [&] { return inner_->stage_of(name); });
    if (stage < 0 || stage >= static_cast<int64_t>(stages_.size())) {
      party_.broke("stage_of",
                   fmt::format("is {} for \"{}\", but there are {} stages", stage, name, stages_.size()));
    }
    return stage;
  }
  void freeze_batch_norms(bool on) override {
    party_.call("freeze_batch_norms", [&] { inner_->freeze_batch_norms(on); });
  }
  bool runs_in_bfloat16() const override {
    return party_.call("runs_in_bfloat16", [&] { return inner_->runs_in_bfloat16(); });
  }
  at::Tensor prepare(const Batch& batch, at::ScalarType dtype) const override {
    auto input = party_.call("prepare", [&] { return inner_->prepare(batch, dtype); });
    const auto& data = batch.data;
    if (!input.defined() || input.dim() < 1 || input.size(0) != data.size(0) ||
        input.device() != data.device()) {
      party_.broke("prepare", fmt::format("returned {}; expected the input of a batch of {} on {}",
                                          tensor_text(input), data.size(0), data.device().str()));
    }
    return input;
  }
  at::Tensor run_stages(const at::Tensor& input, int64_t first, int64_t last) override {
    return party_.call("forward", [&] { return inner_->run_stages(input, first, last); });
  }

 private:
  ObjectKind object_kind_;
  int64_t dimension_;
  std::vector<std::string> stages_;
};

/// What it computes is checked by HeadChain, as the output of a switch is.
class HeadContract final : public ModuleContract<Head> {
 public:
  HeadContract(std::shared_ptr<Head> inner, const ComponentInfo& info)
      : ModuleContract(std::move(inner), info),
        output_dimension_(party_.call("output_dimension", [&] { return inner_->output_dimension(); })) {
    if (output_dimension_ < 1) party_.broke("output_dimension", fmt::format("is {}", output_dimension_));
  }

  int64_t output_dimension() const override { return output_dimension_; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return party_.call("forward", [&] { return inner_->forward(embeddings); });
  }
  bool needs_fit() const override {
    return party_.call("needs_fit", [&] { return inner_->needs_fit(); });
  }
  void fit(const at::Tensor& embeddings, const at::Tensor& labels) override {
    party_.call("fit", [&] { inner_->fit(embeddings, labels); });
  }

 private:
  int64_t output_dimension_;
};

}  // namespace kindred::host
