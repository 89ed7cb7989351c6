#include <ATen/ATen.h>
#include <fmt/format.h>

#include <utility>

#include "host/contracts/contract.hpp"
#include "kindred/eval_sampler.hpp"

namespace kindred::host {
namespace {

class EvalSamplerContract final : public Contract<EvalSampler> {
 public:
  using Contract::Contract;

  at::Tensor queries(const at::Tensor& labels, uint64_t seed) override {
    auto out = calls_.call("queries", [&] { return inner_->queries(labels, seed); });
    if (!is_row_list(out)) {
      calls_.broke("queries", fmt::format("returned {}; expected int64 (Q) on cpu", tensor_text(out)));
    }
    const auto wrong = outside(out, labels.numel());
    if (!wrong.empty()) calls_.broke("queries", wrong);
    const auto count = out.numel();
    if (count > 1 && !out.slice(0, 1).gt(out.slice(0, 0, count - 1)).all().item<bool>()) {
      calls_.broke("queries", "gave rows that are not distinct and ascending");
    }
    return out;
  }
};

}  // namespace

std::shared_ptr<EvalSampler> under_contract(std::shared_ptr<EvalSampler> component,
                                            const ComponentInfo& info) {
  return std::make_shared<EvalSamplerContract>(std::move(component), info);
}

}  // namespace kindred::host
