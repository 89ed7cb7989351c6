#include <ATen/ATen.h>
#include <fmt/format.h>

#include <utility>

#include "host/contracts/contract.hpp"
#include "kindred/transform.hpp"

namespace kindred::host {
namespace {

class TransformContract final : public Contract<Transform> {
 public:
  using Contract::Contract;

  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    const auto running = calls_.running("apply");
    auto out = inner_->apply(image, random);
    if (!is_image(out)) {
      calls_.broke("apply", fmt::format("returned {}; expected uint8 (H, W, 3) on cpu", tensor_text(out)));
    }
    return out;
  }
  bool is_random() const override {
    return calls_.call("is_random", [&] { return inner_->is_random(); });
  }
  bool normalization(Normalization& out) const override {
    return calls_.call("normalization", [&] { return inner_->normalization(out); });
  }
};

}  // namespace

std::shared_ptr<Transform> under_contract(std::shared_ptr<Transform> component, const ComponentInfo& info) {
  return std::make_shared<TransformContract>(std::move(component), info);
}

}  // namespace kindred::host
