#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "host/contracts/contract.hpp"
#include "kindred/metric.hpp"

namespace kindred::host {
namespace {

class MetricContract final : public Contract<Metric> {
 public:
  using Contract::Contract;

  std::string name() const override {
    return calls_.call("name", [&] { return inner_->name(); });
  }
  std::string distance() const override {
    return calls_.call("distance", [&] { return inner_->distance(); });
  }
  bool is_of_set() const override {
    return calls_.call("is_of_set", [&] { return inner_->is_of_set(); });
  }
  double of_set(const EvaluatedSet& set) const override {
    const double value = calls_.call("of_set", [&] { return inner_->of_set(set); });
    if (std::isinf(value)) calls_.broke("of_set", "gave a number that is not finite");
    return value;
  }
  bool higher_is_better() const override {
    return calls_.call("higher_is_better", [&] { return inner_->higher_is_better(); });
  }
  int64_t depth(int64_t largest_count) const override {
    const auto depth = calls_.call("depth", [&] { return inner_->depth(largest_count); });
    if (depth < 0) calls_.broke("depth", fmt::format("is {}", depth));
    return depth;
  }
  at::Tensor per_query(const Ranking& ranking) const override {
    auto out = calls_.call("per_query", [&] { return inner_->per_query(ranking); });
    const auto count = ranking.relevant_count.numel();
    if (!out.defined() || out.dim() != 1 || out.numel() != count || !out.is_floating_point() ||
        !out.is_cpu()) {
      calls_.broke("per_query",
                   fmt::format("returned {}; expected float64 ({}) on cpu", tensor_text(out), count));
    }
    const auto wrong = at::logical_and(out.isfinite().logical_not(), ranking.relevant_count.gt(0)).nonzero();
    if (wrong.size(0) > 0) {
      const auto query = wrong[0].item<int64_t>();
      calls_.broke("per_query",
                   fmt::format("gave {} for a query with {} relevant samples", out[query].item<double>(),
                               ranking.relevant_count[query].item<int64_t>()));
    }
    return out;
  }
};

}  // namespace

std::shared_ptr<Metric> under_contract(std::shared_ptr<Metric> component, const ComponentInfo& info) {
  return std::make_shared<MetricContract>(std::move(component), info);
}

}  // namespace kindred::host
