#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "kindred/eval_sampler.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

/// n random queries. All samples stay candidates, so R and the neighbours of a query are those of the full
/// evaluation. As Quaterion's GroupSampler is meant.
class GroupSampler final : public EvalSampler {
 public:
  struct Params {
    int64_t queries = 1000;
    static void describe(Schema<Params>& schema) {
      schema.field("queries", &Params::queries)
          .doc("How many samples are queries; fewer where there are not as many.")
          .range(1, 1 << 30);
    }
  };

  explicit GroupSampler(Params params) : params_(params) {}

  at::Tensor queries(const at::Tensor& labels, uint64_t seed) override {
    std::vector<int64_t> rows(static_cast<size_t>(labels.numel()));
    std::iota(rows.begin(), rows.end(), int64_t{0});
    Random(seed, 0x9409).shuffle(rows.begin(), rows.end());
    if (static_cast<int64_t>(rows.size()) > params_.queries)
      rows.resize(static_cast<size_t>(params_.queries));
    std::sort(rows.begin(), rows.end());
    return at::tensor(rows, at::kLong);
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(EvalSampler, GroupSampler, "kindred.group", "1.0.0",
                  "n random queries, repeatable by seed");
}  // namespace kindred
