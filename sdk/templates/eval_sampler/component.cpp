#include <ATen/ATen.h>

#include <map>

#include "kindred/eval_sampler.hpp"
#include "kindred/plugin.hpp"

namespace {

/// The first samples of each class are the queries.
class KINDRED_CLASS final : public kindred::EvalSampler {
 public:
  struct Params {
    int64_t per_class = 1;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("per_class", &Params::per_class).doc("Queries of each class.").range(1, 1 << 20);
    }
  };
  explicit KINDRED_CLASS(const Params& params) : per_class_(params.per_class) {}

  /// labels int64 (N) -> int64 (Q), ascending row numbers.
  at::Tensor queries(const at::Tensor& labels, uint64_t) override {
    std::map<int64_t, int64_t> seen;
    std::vector<int64_t> rows;
    const auto plain = labels.contiguous();
    for (int64_t i = 0; i < plain.numel(); ++i) {
      if (seen[plain.data_ptr<int64_t>()[i]]++ < per_class_) rows.push_back(i);
    }
    return at::tensor(rows, at::kLong);
  }

 private:
  int64_t per_class_;
};

}  // namespace

KINDRED_COMPONENT(kindred::EvalSampler, KINDRED_CLASS, "KINDRED_VENDOR.KINDRED_NAME", "0.1.0",
                  "The first samples of each class");
KINDRED_PLUGIN("KINDRED_VENDOR.plugin.KINDRED_NAME", "0.1.0", "Apache-2.0", "An eval sampler: KINDRED_NAME");
