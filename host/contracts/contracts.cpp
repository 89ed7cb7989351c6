#include "host/contracts/contracts.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "host/contracts/contract.hpp"

namespace kindred::host {
namespace {

class TransformContract final : public Contract<Transform> {
 public:
  using Contract::Contract;

  at::Tensor apply(const at::Tensor& image, Random& random) const override {
    const auto running = party_.running("apply");
    auto out = inner_->apply(image, random);
    if (!is_picture(out)) {
      party_.broke("apply", fmt::format("returned {}; expected uint8 (H, W, 3) on cpu", tensor_text(out)));
    }
    return out;
  }
  bool is_random() const override {
    return party_.call("is_random", [&] { return inner_->is_random(); });
  }
  bool normalization(Normalization& out) const override {
    return party_.call("normalization", [&] { return inner_->normalization(out); });
  }
};

class BatchSamplerContract final : public Contract<BatchSampler> {
 public:
  using Contract::Contract;

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    auto out = party_.call("batches", [&] { return inner_->batches(labels, seed, epoch); });
    if (out.empty()) party_.broke("batches", "gave no batch");
    for (const auto& batch : out) {
      if (!is_row_list(batch)) {
        party_.broke("batches",
                     fmt::format("gave {} as a batch; expected int64 (B) on cpu", tensor_text(batch)));
      }
      const auto wrong = outside(batch, labels.numel());
      if (!wrong.empty()) party_.broke("batches", wrong);
    }
    return out;
  }
  int64_t refresh_epochs() const override {
    return party_.call("refresh_epochs", [&] { return inner_->refresh_epochs(); });
  }
  void see_class_means(const at::Tensor& classes, const at::Tensor& means) override {
    party_.call("see_class_means", [&] { inner_->see_class_means(classes, means); });
  }
};

class EvalSamplerContract final : public Contract<EvalSampler> {
 public:
  using Contract::Contract;

  at::Tensor queries(const at::Tensor& labels, uint64_t seed) override {
    auto out = party_.call("queries", [&] { return inner_->queries(labels, seed); });
    if (!is_row_list(out)) {
      party_.broke("queries", fmt::format("returned {}; expected int64 (Q) on cpu", tensor_text(out)));
    }
    const auto wrong = outside(out, labels.numel());
    if (!wrong.empty()) party_.broke("queries", wrong);
    const auto count = out.numel();
    if (count > 1 && !out.slice(0, 1).gt(out.slice(0, 0, count - 1)).all().item<bool>()) {
      party_.broke("queries", "gave rows that are not distinct and ascending");
    }
    return out;
  }
};

class MetricContract final : public Contract<Metric> {
 public:
  using Contract::Contract;

  std::string name() const override {
    return party_.call("name", [&] { return inner_->name(); });
  }
  std::string distance() const override {
    return party_.call("distance", [&] { return inner_->distance(); });
  }
  bool is_of_set() const override {
    return party_.call("is_of_set", [&] { return inner_->is_of_set(); });
  }
  double of_set(const EvaluatedSet& set) const override {
    const double value = party_.call("of_set", [&] { return inner_->of_set(set); });
    if (std::isinf(value)) party_.broke("of_set", "gave a number that is not finite");
    return value;
  }
  int64_t depth(int64_t largest_count) const override {
    const auto depth = party_.call("depth", [&] { return inner_->depth(largest_count); });
    if (depth < 0) party_.broke("depth", fmt::format("is {}", depth));
    return depth;
  }
  at::Tensor per_query(const Ranking& ranking) const override {
    auto out = party_.call("per_query", [&] { return inner_->per_query(ranking); });
    const auto count = ranking.relevant_count.numel();
    if (!out.defined() || out.dim() != 1 || out.numel() != count || !out.is_floating_point() ||
        !out.is_cpu()) {
      party_.broke("per_query",
                   fmt::format("returned {}; expected float64 ({}) on cpu", tensor_text(out), count));
    }
    const auto wrong = at::logical_and(out.isfinite().logical_not(), ranking.relevant_count.gt(0)).nonzero();
    if (wrong.size(0) > 0) {
      const auto query = wrong[0].item<int64_t>();
      party_.broke("per_query",
                   fmt::format("gave {} for a query with {} relevant samples", out[query].item<double>(),
                               ranking.relevant_count[query].item<int64_t>()));
    }
    return out;
  }
};

}  // namespace

std::string shape_text(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  std::string text = "(";
  for (auto size : tensor.sizes()) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

std::string tensor_text(const at::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  static const std::pair<at::ScalarType, const char*> names[] = {
      {at::kByte, "uint8"},   {at::kLong, "int64"},    {at::kInt, "int32"},      {at::kBool, "bool"},
      {at::kHalf, "float16"}, {at::kFloat, "float32"}, {at::kDouble, "float64"}, {at::kBFloat16, "bfloat16"}};
  std::string dtype = c10::toString(tensor.scalar_type());
  for (const auto& [type, name] : names) {
    if (type == tensor.scalar_type()) dtype = name;
  }
  return dtype + " " + shape_text(tensor) + " on " + tensor.device().str();
}

std::shared_ptr<Transform> under_contract(std::shared_ptr<Transform> transform, const ComponentInfo& info) {
  return std::make_shared<TransformContract>(std::move(transform), info);
}
std::shared_ptr<BatchSampler> under_contract(std::shared_ptr<BatchSampler> sampler,
                                             const ComponentInfo& info) {
  return std::make_shared<BatchSamplerContract>(std::move(sampler), info);
}
std::shared_ptr<EvalSampler> under_contract(std::shared_ptr<EvalSampler> sampler, const ComponentInfo& info) {
  return std::make_shared<EvalSamplerContract>(std::move(sampler), info);
}
std::shared_ptr<Metric> under_contract(std::shared_ptr<Metric> metric, const ComponentInfo& info) {
  return std::make_shared<MetricContract>(std::move(metric), info);
}

}  // namespace kindred::host
