#include "kindred/plugin.hpp"
#include "relevance.hpp"

namespace kindred {
namespace {

/// Share of relevant samples among the k nearest neighbours; the denominator is k.
class PrecisionAtK final : public Metric {
 public:
  using Params = NearestParams;
  explicit PrecisionAtK(Params params) : params_(std::move(params)) {}
  std::string name() const override { return "precision_at_" + std::to_string(params_.k); }
  std::string distance() const override { return params_.distance; }
  int64_t depth(int64_t) const override { return params_.k; }
  at::Tensor per_query(const Ranking& ranking) const override {
    const auto limit = at::full({ranking.relevant.size(0)}, params_.k, at::kLong);
    return relevant_within(ranking, limit).sum(1) / static_cast<double>(params_.k);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Metric, PrecisionAtK, "kindred.precision_at_k", "1.0.0",
                  "Share of relevant samples among the k nearest");
}  // namespace kindred
