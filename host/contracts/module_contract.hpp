#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/contracts/contract.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// What the contracts of losses, miners, encoders and heads have in common: all of them have tensors. Each is
/// a SharesStatistics, whose share_statistics() returns false where the component is none. For their .cpp
/// files only.
template <class Interface>
class ModuleContract : public Contract<Interface>, public SharesStatistics {
 public:
  using Contract<Interface>::Contract;

  std::vector<NamedTensor> parameters() override {
    return defined("parameters", calls_.call("parameters", [&] { return inner_->parameters(); }));
  }
  std::vector<NamedTensor> buffers() override {
    return defined("buffers", calls_.call("buffers", [&] { return inner_->buffers(); }));
  }
  void train(bool on) override {
    calls_.call("train", [&] { inner_->train(on); });
  }
  void prepare_for_inference(at::ScalarType dtype) override {
    calls_.call("prepare_for_inference", [&] { inner_->prepare_for_inference(dtype); });
  }
  bool share_statistics(std::shared_ptr<const SumOverProcesses> sum) override {
    auto* sharing = dynamic_cast<SharesStatistics*>(inner_.get());
    return sharing != nullptr &&
           calls_.call("share_statistics", [&] { return sharing->share_statistics(std::move(sum)); });
  }

 protected:
  using Contract<Interface>::inner_;
  using Contract<Interface>::calls_;

 private:
  std::vector<NamedTensor> defined(const char* phase, std::vector<NamedTensor> tensors) const {
    for (const auto& one : tensors) {
      if (!one.tensor.defined()) calls_.broke(phase, "gave no tensor as \"" + one.name + "\"");
    }
    return tensors;
  }
};

}  // namespace kindred::host
